"""The command `healthcheck`: what proves that an exporter is alive, and what does not."""

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from exporter.cli.commands import healthcheck
from exporter.cli.commands.healthcheck import flags_of, run, schemes
from tests.support.certificates import Authority
from tests.support.command import Invoke
from tests.support.plain_server import PlainServer
from tests.support.programs import refusing_port
from tests.support.web_config import PASSWORD, Web, serving, tls, users

CLIENTS = ", client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"


def at(port: int) -> str:
    """Return the flag that listens on a port of all addresses."""
    return f"--web.listen-address=:{port}"


def responding(status: str) -> PlainServer:
    """Return a server that answers everything with one status."""
    return PlainServer(lambda _: f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(
    ("blocks", "proof"),
    [
        ([], "200"),
        ([tls()], "200"),
        ([users(alice=PASSWORD)], "401, it requires a login, so it is alive"),
        ([tls(), users(alice=PASSWORD)], "401, it requires a login, so it is alive"),
        ([tls(CLIENTS)], "it requires a client certificate, so it is alive"),
        ([tls(CLIENTS + ", max_version: TLS12")], "it requires a client certificate, so it is alive"),
    ],
)
def test_an_exporter_that_serves_is_ok(invoke: Invoke, tmp_path: Path, blocks: list[str], proof: str) -> None:
    """It is asked over TLS where it serves TLS; a demand for a login or a certificate is an answer too."""
    Authority(tmp_path).issue("server")
    flag = Web(tmp_path).write(*blocks)
    with serving(flag) as server:
        done = invoke("healthcheck", flag, at(server.port), "--web.telemetry-path=/m", "--log.level=debug")

    assert done == (0, f"ok    127.0.0.1:{server.port}/-/healthy: {proof}\n", "")


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(("served", "then"), [([tls()], []), ([], [tls()])])
def test_a_file_that_changed_since_the_start_misleads_nobody(
    invoke: Invoke, tmp_path: Path, served: list[str], then: list[str]
) -> None:
    """Adding or removing TLS needs a restart: until then, the exporter is asked as it serves."""
    Authority(tmp_path).issue("server")
    web = Web(tmp_path)
    flag = web.write(*served)
    with serving(flag) as server:
        web.write(*then)
        status, _, _ = invoke("healthcheck", flag, at(server.port))

    assert status == 0


@pytest.mark.parametrize("status", ["503 Service Unavailable", "302 Found", "404 Not Found"])
def test_another_status_fails(invoke: Invoke, status: str) -> None:
    """Only 200 and 401 prove that the exporter is alive."""
    with responding(status) as server:
        done = invoke("healthcheck", at(server.port))

    assert done == (
        1,
        f"FAIL  127.0.0.1:{server.port}/-/healthy: found status {status[:3]}, allowed: 200 or 401\n",
        "",
    )


@pytest.mark.slow
@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 x\x1b[1m\r\n\r\n"])
def test_another_server_fails_in_one_line(invoke: Invoke, tmp_path: Path, answer: bytes) -> None:
    """What is not HTTP fails with one printable line, in either scheme."""
    for blocks in ([], [tls()]):
        with PlainServer(lambda _: answer, silent=not answer) as server:
            server.closing.set()  # a silent one hangs up
            status, out, err = invoke("healthcheck", Web(tmp_path).write(*blocks), at(server.port))

        assert (status, err) == (1, "")
        assert out.startswith(f"FAIL  127.0.0.1:{server.port}/-/healthy: ")
        assert out.removesuffix("\n").isprintable()


def test_a_server_without_tls_that_hangs_up_fails(invoke: Invoke, tmp_path: Path) -> None:
    """A closed connection is no proof, unless the web configuration demands client certificates."""
    with PlainServer(lambda _: b"", silent=True) as server:
        server.closing.set()
        flag = at(server.port)
        plain, over_tls = (
            invoke("healthcheck", Web(tmp_path).write(*blocks), flag)[0] for blocks in ([], [tls()])
        )
        demanding, _, _ = invoke("healthcheck", Web(tmp_path).write(tls(CLIENTS)), flag)

    assert (plain, over_tls, demanding) == (1, 1, 0)


def test_nobody_listening_fails(invoke: Invoke) -> None:
    """A port that refuses connections fails."""
    with refusing_port() as port:
        done = invoke("healthcheck", f"--web.listen-address=localhost:{port}")

    assert done == (1, f"FAIL  localhost:{port}/-/healthy: Connection refused\n", "")


def test_silence_fails(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer in time fails, and is asked once."""
    monkeypatch.setattr(healthcheck, "TIMEOUT", 0.05)
    with PlainServer(lambda _: b"", silent=True) as server:
        done = invoke("healthcheck", at(server.port))

    assert done == (1, f"FAIL  127.0.0.1:{server.port}/-/healthy: no response within 0.05 s\n", "")
    assert server.connections == 1


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (
            ["--web.listen-address=:0"],
            "--web.listen-address: found ':0', allowed: the port that the exporter",
        ),
        (["--web.listen-address=x"], "--web.listen-address: found 'x', allowed: HOST:PORT"),
        (["--web.config.file=/nonexistent.yml"], "--web.config.file: cannot read /nonexistent.yml: No such"),
        (["--seed=1"], "unknown flag --seed"),
    ],
)
def test_misuse_is_one_line(invoke: Invoke, flags: list[str], line: str) -> None:
    """Flags that name no exporter end with status 2 and one line."""
    status, out, err = invoke("healthcheck", *flags)

    assert (status, out) == (2, "")
    assert err.startswith(f"bycloud-backup-exporter: {line}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        (":PORT", "127.0.0.1"),
        ("0.0.0.0:PORT", "127.0.0.1"),
        ("[::]:PORT", "[::1]"),
        ("127.0.0.1:PORT", "127.0.0.1"),
        ("no..host:PORT", "no..host"),
    ],
)
def test_the_first_address_is_asked(invoke: Invoke, address: str, asked: str) -> None:
    """Where the exporter listens on all addresses, loopback is asked."""
    with refusing_port() as port:
        flags = [f"--web.listen-address={one}" for one in (address.replace("PORT", str(port)), ":1")]
        status, out, _ = invoke("healthcheck", *flags)

    assert status == 1
    assert out.startswith(f"FAIL  {asked}:{port}/-/healthy: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tls_server_config: {cert_file: a}", "https"),
        ("{'tls_server_config': {}}", "https"),
        ("# tls_server_config:\n", "http"),
        ("basic_auth_users: {}", "http"),
    ],
)
def test_the_file_says_which_scheme_is_likely(text: str, expected: str) -> None:
    """The scheme that the file asks for is tried first, and the other one after it."""
    assert schemes(text)[0] == expected
    assert set(schemes(text)) == {"http", "https"}


def cmdline(folder: Path, *words: str) -> Path:
    """Write a process's command line as proc(5) shows it."""
    file = folder / "cmdline"
    file.write_bytes(b"".join(word.encode() + b"\0" for word in words))
    return file


def no_flags() -> Namespace:
    """Return the options of `healthcheck` without flags."""
    return Namespace(addresses=None, web_config=None)


@pytest.mark.parametrize(
    "words",
    [
        ("/opt/exporter/bin/python3", "/opt/exporter/bin/bycloud-backup-exporter", "serve"),
        ("/sbin/docker-init", "--", "bycloud-backup-exporter"),
        ("bycloud-backup-exporter", "demo", "--seed=2"),
    ],
)
def test_in_a_container_the_flags_of_its_exporter_count(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Without flags, it asks the exporter that is process 1, also behind an init and for the demo."""
    with responding("200 OK") as server:
        status = run(no_flags(), first_process=cmdline(tmp_path, *words, at(server.port)))
    out, _ = capsys.readouterr()

    assert (status, out) == (0, f"ok    127.0.0.1:{server.port}/-/healthy: 200\n")


def test_another_first_process_does_not_count(tmp_path: Path) -> None:
    """An init system, flags that no exporter accepts, and an unreadable process have no flags."""
    assert flags_of(cmdline(tmp_path, "/sbin/init", "splash")) is None
    assert flags_of(cmdline(tmp_path, "bycloud-backup-exporter", "--nonsense")) is None
    assert flags_of(tmp_path / "nonexistent") is None


def test_own_flags_come_first(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With an address, process 1 is not looked at."""
    with responding("200 OK") as server:
        options = Namespace(addresses=[f"127.0.0.1:{server.port}"], web_config=None)
        status = run(options, first_process=cmdline(tmp_path, "bycloud-backup-exporter", at(1)))

    assert status == 0
    assert capsys.readouterr().out


def test_it_starts_fast() -> None:
    """It imports no package but the exporter: a probe starts it every few seconds."""
    code = (
        "import sys; from exporter.cli.main import main\n"
        "try: main(['healthcheck', '--web.listen-address=127.0.0.1:1'])\n"
        "except SystemExit: pass\n"
        "names = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(*sorted(name for name in names if not name.startswith('_')))"
    )
    environ = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-I", "-S", "-c", code]
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [*command[:-1], f"import sys; sys.path.insert(0, {root!r})\n{code}"],
        text=True,
        capture_output=True,
        check=True,
        env=environ,
    )

    assert done.stdout.splitlines()[-1] == "exporter"
