"""No secret is shown in any log, page, metric, file or error, whether walks succeed, fail or crash."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
import requests

from exporter.simulator import bulk_backups
from tests.support.certificates import Authority
from tests.support.command import COMMAND, LOOPBACK, running
from tests.support.faults import CannedReply, CutBody, ErrorBody, Fault, FaultyApi, Raw, Reset
from tests.support.leaks import KEY, PASSWORD, PROXY_PASSWORD, TOKEN, WRONG, showing
from tests.support.web_config import hashed

HASH: Final = hashed(PASSWORD)
PATHS: Final = (
    "/",
    "/metrics",
    "/probe?target=keyed",
    "/probe?target=token",
    "/probe?target=proxied",
    "/nope",
    "/sd",
)

BREAK: Final = """
import sys
from exporter.api import WalkClient
def broken(self, *_):
    raise ZeroDivisionError(f"a bug among {vars(self)} and {vars(self._api)} and {self._secret!r}")
WalkClient.fetch = broken
from exporter.cli.main import main
main(sys.argv[1:])
"""
"""The command with a bug whose message holds all objects of the client."""


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API that accepts the key and the token."""
    with FaultyApi(backups=bulk_backups(20, 4), api_key=KEY, token=TOKEN) as running:
        yield running


@pytest.fixture
def flags(api: FaultyApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Configure targets by key, by token file and through an unreachable proxy, and a user."""
    for name in list(os.environ):
        if name.startswith("BYCLOUD_"):
            monkeypatch.delenv(name)
    Authority(tmp_path).issue("server")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "config.yml").write_text(
        f"""
targets:
  - {{name: keyed, url: "{api.url}", api_key: "{KEY}"}}
  - {{name: token, url: "{api.url}", token_file: token}}
  - name: proxied
    url: "http://nowhere.invalid"
    api_key: "{KEY}"
    proxy_url: "http://proxyuser:{PROXY_PASSWORD}@127.0.0.1:9"
"""
    )
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{alice: '{HASH}'}}")
    return [f"--config.file={tmp_path}/config.yml", "--log.level=debug"]


Maker = Callable[[str], Fault]
FAULTS: Final[Mapping[str, Maker | None]] = {
    "none": None,
    "401": lambda secret: ErrorBody(401, f"credential {secret} refused"),
    "500": lambda secret: ErrorBody(500, f"crashed on {secret}"),
    "302": lambda secret: CannedReply(302, {"Location": f"http://127.0.0.1:9/?{secret}"}),
    "no JSON": lambda secret: CannedReply(200, {}, f'{{"{secret}": '.encode()),
    "no list": lambda secret: CannedReply(200, {}, f'{{"{secret}": "{secret}"}}'.encode()),
    "status line": lambda secret: Raw(f"HTTP/1.1 200{secret} \x1b[31m\r\n\r\n".encode()),
    "chunk size": lambda secret: Raw(
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{secret}\r\n".encode()
    ),
    "cut": lambda _: CutBody(30),
    "reset": lambda _: Reset(30),
}
"""Ways in which the API fails, each with the secret that it received."""


def break_api(api: FaultyApi, make: Maker | None) -> None:
    """Make the API fail and echo its own secret to each target."""
    api.faults.clear()
    if make is not None:
        api.faults.add(make(KEY), times=None, when=lambda request: "x-api-key" in request.headers)
        api.faults.add(make(TOKEN), times=None, when=lambda request: "x-api-key" not in request.headers)


def pages(url: str) -> Iterator[str]:
    """Yield every page with the right login, with a wrong one and without one."""
    landing = requests.get(f"{url}/", auth=("alice", PASSWORD), timeout=30).text
    databases = re.findall(r'href="[.](/databases/[^"]+)"', landing)[:1]
    for login in (("alice", PASSWORD), ("alice", WRONG), None):
        for path in (*PATHS, *databases):
            response = requests.get(
                url + path,
                auth=login,
                timeout=30,
                headers={"X-Prometheus-Scrape-Timeout-Seconds": "5"},
            )
            yield f"{response.headers} {response.text}"


@pytest.mark.parametrize("style", [pytest.param("logfmt", marks=pytest.mark.slow), "json"])
def test_serve_shows_no_secret(flags: list[str], tmp_path: Path, api: FaultyApi, style: str) -> None:
    """Walks succeed and fail in every way, and the API echoes the secret that it received."""
    output: list[str] = []
    if style == "logfmt":
        arguments = ["serve", LOOPBACK, *flags, f"--web.config.file={tmp_path}/web.yml"]
    else:
        arguments = ["demo", LOOPBACK, "--log.level=debug", f"--web.config.file={tmp_path}/web.yml"]
    with running(*arguments) as (process, url):
        for make in FAULTS.values():
            break_api(api, make)
            output += pages(url)
        process.terminate()
        output += process.communicate(timeout=20)

    assert process.returncode == 0
    assert showing("\n".join(output)) == []
    assert any("bycloud_up" in text for text in output)
    assert any("timeline-title" in text for text in output)
    assert "event=request" in output[-1]


def output(command: Sequence[str | Path], environ: Mapping[str, str] | None = None) -> str:
    """Run a command to its end; return everything that it prints."""
    done = subprocess.run(
        command, text=True, capture_output=True, check=False, timeout=60, env=os.environ | (environ or {})
    )
    return f"{done.stdout}{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_check_and_once_show_no_secret(flags: list[str], tmp_path: Path, api: FaultyApi, fault: str) -> None:
    """Neither stdout, stderr nor the file for node_exporter shows one."""
    break_api(api, FAULTS[fault])
    web = f"--web.config.file={tmp_path}/web.yml"
    written = tmp_path / "out.prom"
    texts = [
        output([COMMAND, "check", *flags, web]),
        output([COMMAND, "check", "--output=json", *flags, web]),
        *(output([COMMAND, "once", f"--target={name}", *flags]) for name in ("keyed", "token", "proxied")),
        output([COMMAND, "once", "--target=keyed", f"--output={written}", *flags]),
        written.read_text() if written.exists() else "",
    ]

    assert showing("\n".join(texts)) == []
    assert "keyed" in texts[0]


def test_a_bug_shows_no_secret(flags: list[str], tmp_path: Path) -> None:
    """Even if an exception's message holds every object of the client, no `repr` or traceback shows one."""
    web = f"--web.config.file={tmp_path}/web.yml"
    command = [sys.executable, "-c", BREAK]
    texts = [
        output([*command, "check", *flags, web]),
        output([*command, "once", "--target=keyed", *flags]),
        output([*command, "once", "--target=proxied", *flags]),
    ]

    for part in ("ZeroDivisionError", "a bug among", "Secret(…)"):  # two threads' tracebacks may mingle
        assert [text for text in texts if part not in text] == []
    assert showing("\n".join(texts)) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.yml", f"targets: [{{name: a, api_key: {KEY}, token: {TOKEN}}}]"),
        ("config.yml", f"targets: [{{name: a, api_key: [{TOKEN}]}}]"),
        ("config.yml", f"targets: [{{name: a, api_key: '{TOKEN}\n\n{TOKEN}'}}]"),
        ("config.yml", f"targets: [{{name: a, api_key: *{TOKEN}}}]"),
        ("config.yml", f"targets: [{{name: a, api_key: x, proxy_url: 'ftp://u:{PROXY_PASSWORD}@x'}}]"),
        ("web.yml", f"basic_auth_users: {{alice: {PASSWORD}}}"),
        ("web.yml", f"basic_auth_users: [{PASSWORD}]"),
        ("web.yml", f"basic_auth_users: {{alice: {{bob: {PASSWORD}}}}}"),
        ("web.yml", f"basic_auth_users: {PASSWORD}"),
        ("web.yml", f"basic_auth_users: {{alice: !{PASSWORD} x}}"),
        ("token", f"{TOKEN} {TOKEN}"),
    ],
)
def test_a_bad_configuration_shows_no_secret(
    flags: list[str], tmp_path: Path, name: str, content: str
) -> None:
    """The error is one line with status 2, without the value that is in the place of a secret."""
    (tmp_path / name).write_text(content)
    done = subprocess.run(
        [COMMAND, "check", *flags, f"--web.config.file={tmp_path}/web.yml"],
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert showing(done.stderr) == []
