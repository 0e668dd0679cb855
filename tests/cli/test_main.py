"""Whole commands: as subprocesses, and in this process where that says the same."""

import errno
import io
import os
import platform
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

import pytest
import requests

from exporter import __version__
from exporter.api import HttpTransport
from exporter.app.exporter import Exporter
from exporter.cli.main import main
from exporter.server.run import listen, port_of
from exporter.simulator import Quirks, Request, hosts, many
from tests.support.faults import ErrorBody, FaultyApi, HangBeforeHeaders, Malform
from tests.support.programs import refusing_port

VERSION = f"{__version__} (Python {platform.python_version()})"
COMMAND = Path(sys.executable).parent / "bycloud-backup-exporter"
LOOPBACK = "--web.listen-address=127.0.0.1:0"
Invoke = Callable[..., tuple[int, str, str]]


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API of 45 backups over 6 instances, on the smallest tier."""
    with FaultyApi(backups=many(45, 6), instances=hosts(6), tier="standard") as running:
        yield running


@pytest.fixture
def environ(api: FaultyApi, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Have the environment name the API and its key, and nothing else of ours."""
    for name in list(os.environ):
        if name.startswith("BYCLOUD_") or name == "NO_COLOR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("BYCLOUD_API_URL", api.url)
    monkeypatch.setenv("BYCLOUD_API_KEY", "demo:demo-secret")
    return os.environ


@pytest.fixture
def invoke(capsys: pytest.CaptureFixture[str]) -> Invoke:
    """Return what runs a command in this process and gives its status, stdout and stderr."""

    def invoke(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    return invoke


def of_backups(request: Request) -> bool:
    """Tell a request for backups: the list of instances, which is walked beside, is spared."""
    return request.path == "/v1/database-backups"


UNHARDENED = ("env", "--default-signal=HUP")
"""What runs a command as from a terminal, even where the suite itself was told to ignore the hang-up."""


@contextmanager
def running(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a command that serves; give the process and the URL, once it listens."""
    with subprocess.Popen(
        [*UNHARDENED, COMMAND, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process, f"http://127.0.0.1:{_port(process.stderr)}"
        finally:
            process.kill()


def _port(stderr: IO[str] | None) -> str:
    assert stderr is not None
    lines = []
    for line in stderr:
        lines.append(line)
        if match := re.search(r"event=listening .*\bport=(\d+)", line):
            return match[1]
    pytest.fail("".join(lines))


def ended(process: "subprocess.Popen[str]", number: signal.Signals) -> int:
    """Send a signal; return the exit status."""
    process.send_signal(number)
    return process.wait(30)


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("arguments", [[LOOPBACK], ["serve", LOOPBACK, "--web.max-requests=1"]])
def test_the_bare_command_serves(arguments: list[str]) -> None:
    """One target from the environment, on `/metrics`; SIGTERM ends it well, with one line."""
    with running(*arguments) as (process, url):
        text = requests.get(f"{url}/metrics", timeout=10).text
        status = ended(process, signal.SIGTERM)
        rest = process.stderr.read() if process.stderr else ""

    assert "bycloud_up 1.0\n" in text
    assert "bycloud_scrape_backups 45.0\n" in text
    assert 'bycloud_api_requests_total{code="200",target="default"}' in text
    assert f'version="{__version__}"' in text
    assert 'window="hour"' in text
    assert status == 0
    assert "sizes look like GiB, not bytes" in rest
    assert '"walks succeed"' in rest
    assert rest.rstrip().splitlines()[-1].count('"shutting down"') == 1
    assert not re.search("level=(error|critical)|Traceback", rest)


@pytest.mark.usefixtures("environ")
def test_sigterm_ends_it_while_a_scrape_hangs_on_the_api(api: FaultyApi) -> None:
    """The scrape, which may take ten minutes, is answered with what is true, and the process ends with 0."""
    asked = threading.Event()

    def note(_: Request) -> bool:
        asked.set()
        return True

    api.faults.add(HangBeforeHeaders(), times=None, when=note)
    with running(LOOPBACK) as (process, url), ThreadPoolExecutor(1) as pool:
        patience = {"X-Prometheus-Scrape-Timeout-Seconds": "600"}
        scrape = pool.submit(requests.get, f"{url}/metrics", headers=patience, timeout=60)
        assert asked.wait(10)
        status = ended(process, signal.SIGTERM)
        text = scrape.result().text

    assert status == 0
    assert "bycloud_up 0.0\n" in text
    assert 'bycloud_scrape_failure{reason="timeout"} 1.0\n' in text


def test_the_demo() -> None:
    """It says where everything is, which is so; Ctrl-C ends it well."""
    with running("demo", LOOPBACK, "--seed=3") as (process, url):
        text = requests.get(f"{url}/metrics", timeout=10).text
        status = ended(process, signal.SIGINT)
        said = process.stdout.read() if process.stdout else ""

    assert "bycloud_up 1.0\n" in text
    assert f"{url}/metrics" in said
    assert re.search(r"embedded API  http://127\.0\.0\.1:\d+/v1/database-backups", said)
    assert "Ctrl-C" in said
    assert status == 0


@pytest.mark.usefixtures("environ")
def test_several_targets_from_a_file(api: FaultyApi, tmp_path: Path) -> None:
    """Each has its own credential, and its probe."""
    (tmp_path / "token").write_text("demo-token\n")
    config = tmp_path / "config.yml"
    config.write_text(
        f"targets:\n- {{name: a, url: {api.url}, token_file: token}}\n"
        f"- {{name: b, url: {api.url}, api_key: 'x:y'}}\n"
    )
    with running("serve", f"--config.file={config}", LOOPBACK) as (_, url):
        a, b = (requests.get(f"{url}/probe?target={name}", timeout=10).text for name in "ab")
        landing = requests.get(f"{url}/", timeout=10).text

    assert "bycloud_up 1.0\n" in a
    assert 'bycloud_scrape_failure{reason="auth"} 1.0\n' in b
    assert "walks fail: auth" in landing


def test_help_and_version(invoke: Invoke) -> None:
    """Help has examples, and every command its own; both end with 0."""
    status, out, err = invoke("--help")

    assert (status, err) == (0, "")
    assert "BYCLOUD_API_KEY=ID:SECRET bycloud-backup-exporter\n" in out
    assert invoke("--version") == (0, f"bycloud-backup-exporter {VERSION}\n", "")
    for command, option in [
        ("serve", "--web.max-requests"),
        ("check", "--scrape-interval"),
        ("once", "--output"),
        ("demo", "--seed"),
    ]:
        assert command in out
        assert option in invoke(command, "--help")[1]


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["nonsense"],
            "unknown command 'nonsense', allowed: serve, check, once, demo; see .*-exporter --help",
        ),
        (["--nonsense"], "unknown flag --nonsense; see bycloud-backup-exporter serve --help"),
        (["--log.level=loud"], "--log.level: found 'loud', allowed: debug, info, warn or warning, error; .*"),
        (
            ["--web.max-requests=0"],
            "--web.max-requests: found '0', allowed: a whole number from 1 to 9999; .*",
        ),
        (["--web.max-requests=x"], "--web.max-requests: found 'x', allowed: a whole number from 1 .*"),
        (["--web.listen-address=here"], "--web.listen-address: found 'here', allowed: HOST:PORT, .*"),
        (
            ["--web.telemetry-path=metrics"],
            "--web.telemetry-path: found 'metrics', allowed: a path such as /metrics .*",
        ),
        (["--web.telemetry-path=/{x}"], r"--web.telemetry-path: found '/\{x\}', allowed: .*"),
        (["--web.telemetry-path=/-/healthy"], "--web.telemetry-path: found '/-/healthy', allowed: .*"),
        (["--web.telemetry-path=/probe"], "--web.telemetry-path: found '/probe', allowed: .*"),
        (
            ["--config.file=/nonexistent.yml"],
            "--config.file: cannot read /nonexistent.yml: No such file or directory",
        ),
        (["--config.file="], "--config.file: found nothing, allowed: the path of a file; .* serve --help"),
        (["check", "--web.config.file="], "--web.config.file: found nothing, .* check --help"),
        (
            ["check", "--web.config.file=/nonexistent.yml"],
            "--web.config.file: /nonexistent.yml: cannot be read: No such file or directory",
        ),
        (
            ["chekc"],
            (
                r"unknown command 'chekc' \(did you mean check\?\), allowed: serve, check, once, demo;"
                " see bycloud-backup-exporter --help"
            ),
        ),
        (
            ["check", "--config.fiel=ID:SECRET"],
            (
                r"unknown flag --config.fiel \(did you mean --config.file\?\);"
                " see bycloud-backup-exporter check --help"
            ),
        ),
        (
            ["--web.listen-adress=:1"],
            (
                r"unknown flag --web.listen-adress \(did you mean --web.listen-address\?\);"
                " see bycloud-backup-exporter serve --help"
            ),
        ),
        (["-config.file=x"], r"unknown flag -config.file \(did you mean --config.file\?\); see .*"),
        (["once", "--zzz"], "unknown flag --zzz; see bycloud-backup-exporter once --help"),
        (["once", "extra"], "unexpected argument 'extra'; see bycloud-backup-exporter once --help"),
        (
            ["--config.file=x", "check"],
            "unexpected argument 'check': a command comes first, as in bycloud-backup-exporter check; see .*",
        ),
        (
            ["check", "--scrape-interval=0"],
            "--scrape-interval: found '0', allowed: a duration above zero, .*",
        ),
        (
            ["check", "--scrape-interval=1"],
            "--scrape-interval: found '1', allowed: a duration above zero, .*",
        ),
        (["once", "--target=x"], "--target: found 'x', allowed: default"),
        (
            ["demo", "--config.file=x"],
            r"unknown flag --config.file \(did you mean .*\); see bycloud-backup-exporter demo --help",
        ),
    ],
)
def test_misuse_is_one_line(invoke: Invoke, arguments: list[str], line: str) -> None:
    """With exit status 2, on stderr, and nothing on stdout."""
    status, out, err = invoke(*arguments)
    (said,) = (text for text in err.splitlines() if "event=" not in text)

    assert (status, out) == (2, "")
    assert re.fullmatch(f"bycloud-backup-exporter: {line}", said)


def test_no_configuration_is_one_line(
    invoke: Invoke, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names what is needed; so does a secret that cannot be read."""
    assert environ
    monkeypatch.delenv("BYCLOUD_API_KEY")
    none = invoke(LOOPBACK)
    monkeypatch.setenv("BYCLOUD_API_KEY_FILE", "/nonexistent")
    unreadable = invoke(LOOPBACK)

    assert none[0] == unreadable[0] == 2
    assert none[2].startswith("bycloud-backup-exporter: environment: found none, needed: exactly one of")
    assert unreadable[2] == (
        "bycloud-backup-exporter: environment: BYCLOUD_API_KEY_FILE: cannot read /nonexistent:"
        " No such file or directory\n"
    )


@pytest.mark.usefixtures("environ")
def test_a_port_in_use_is_one_line(invoke: Invoke) -> None:
    """With exit status 2."""
    with listen("127.0.0.1:0") as listener:
        address = f"127.0.0.1:{port_of(listener)}"
        answer = invoke(f"--web.listen-address={address}")
    problem = f"--web.listen-address: cannot listen on {address}: Address already in use"

    assert answer == (
        2,
        "",
        f"bycloud-backup-exporter: {problem}\n",
    )


@pytest.mark.usefixtures("environ")
def test_the_command_itself_never_shows_a_traceback() -> None:
    """As a process of its own it ends as it does here."""
    done = subprocess.run([COMMAND, "nonsense"], text=True, capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_the_package_is_the_command_too() -> None:
    """As `python -m exporter`."""
    done = subprocess.run(
        [sys.executable, "-m", "exporter", "--version"], text=True, capture_output=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, f"bycloud-backup-exporter {VERSION}\n")


@pytest.mark.usefixtures("environ")
def test_a_reader_that_leaves_is_no_traceback() -> None:
    """As `once | head` has it."""
    with subprocess.Popen(
        [COMMAND, "once", "--log.level=error"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()

    assert (process.returncode, err) == (1, "")


@pytest.mark.usefixtures("environ")
def test_ctrl_c_is_no_traceback(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was under way did not end well."""
    monkeypatch.setattr("exporter.cli.commands.load_config", _interrupted)

    assert invoke("check") == (1, "", "")


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("environ")
def test_once_prints_one_scrape(invoke: Invoke) -> None:
    """The target's metrics with ages, and nothing of the exporter itself."""
    status, out, err = invoke("once")

    assert status == 0
    assert "bycloud_up 1.0\n" in out
    assert "bycloud_database_backup_newest_age_seconds{" in out
    assert "process_" not in out
    assert err == ""


@pytest.mark.usefixtures("environ")
def test_once_writes_a_file(invoke: Invoke, api: FaultyApi, tmp_path: Path) -> None:
    """Without ages; where the walk fails the old file stays, and the status is 1."""
    path = tmp_path / "bycloud.prom"
    well = invoke("once", f"--output={path}")
    written = path.read_text()
    api.faults.add(ErrorBody(403), times=None, when=of_backups)
    failed = invoke("once", f"--output={path}")

    assert (well[:2], failed[:2]) == ((0, ""), (1, ""))
    assert "bycloud_database_backups{" in written
    assert not re.search("newest_age_seconds", written)
    assert path.read_text() == written
    assert list(tmp_path.iterdir()) == [path]
    assert failed[2].startswith("default: forbidden: Something went wrong (HTTP 403, request_id req-")


@pytest.mark.usefixtures("environ")
def test_once_says_that_the_walk_failed(invoke: Invoke, api: FaultyApi) -> None:
    """On stdout as metrics, on stderr in one line, and with status 1."""
    api.faults.add(ErrorBody(401, "No such key"), times=None, when=of_backups)
    status, out, err = invoke("once")

    assert status == 1
    assert 'bycloud_scrape_failure{reason="auth"} 1.0\n' in out
    assert "bycloud_database_backups" not in out
    assert len(err.splitlines()) == 1
    assert "No such key" in err


def test_once_needs_to_know_which_target(invoke: Invoke, api: FaultyApi, tmp_path: Path) -> None:
    """One of several is named."""
    config = tmp_path / "config.yml"
    config.write_text(
        f"targets: [{{name: a, token: x, url: {api.url}}}, {{name: b, token: demo-token, url: {api.url}}}]"
    )
    unnamed = invoke("once", f"--config.file={config}")
    named = invoke("once", f"--config.file={config}", "--target=b")

    assert unnamed == (2, "", "bycloud-backup-exporter: --target: found none, allowed: a, b\n")
    assert named[0] == 0


@pytest.mark.usefixtures("environ")
def test_check_of_a_good_target(invoke: Invoke, api: FaultyApi) -> None:
    """Everything that one wants to know, without colour where nobody sees it."""
    status, out, err = invoke("check", "--log.level=error")
    head, *lines = out.splitlines()

    assert (status, err) == (0, "")
    assert head == f"default  {api.url}"
    assert "  ok    authenticated by api_key" in lines
    assert re.fullmatch(
        r"  ok    45 backups on 1 page of at most 1000, walked in .*s with 1 request",
        lines[1],
    )
    assert lines[2] == "  ok    6 instances listed"
    assert lines[3].startswith("  warn  sizes look like GiB, not bytes (the largest is ")
    assert re.fullmatch(  # which of the two answers at once was read last is chance
        r"  ok    rate limit 60 requests a minute, 5[89] left \(Standard: 1,000 an hour;"
        r" budget_share 0\.5 of it is ours\)",
        lines[4],
    )
    assert lines[5:7] == [
        "  ok    a walk every 1m takes 1 requests a minute of our 30",
        "  ok    a walk every 1m takes 60 requests an hour of our 500",
    ]
    assert lines[7:9] == ["", "  6 at risk, the worst first"]
    assert "\x1b" not in out


@pytest.mark.usefixtures("environ")
def test_check_of_an_interval_that_does_not_fit(invoke: Invoke, api: FaultyApi) -> None:
    """A warning with what to change is no failure."""
    api.quirks = Quirks(max_limit=5)
    status, out, _ = invoke("check", "--scrape-interval=15s")

    assert status == 0
    assert "  warn  a walk every 15s takes 36 requests a minute of our 30: walks come every" in out
    assert "  warn  a walk every 15s takes 2,160 requests an hour of our 500: walks come every" in out


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(("status", "reason"), [(401, "auth"), (403, "forbidden")])
def test_check_of_a_credential_that_is_refused(
    invoke: Invoke, api: FaultyApi, status: int, reason: str
) -> None:
    """The API's words and its name for the request, and no secret that it may echo."""
    api.faults.add(ErrorBody(status, "Key demo:demo-secret refused"), times=None, when=of_backups)
    ended, out, _ = invoke("check")

    assert ended == 1
    assert re.search(rf"  FAIL  {reason}: Key \*\*\* refused \(HTTP {status}, request_id req-\S+\)\n", out)
    assert "demo-secret" not in out


def test_check_of_an_api_that_is_not_there(
    invoke: Invoke, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says so, and which host."""
    assert environ
    with refusing_port() as port:
        monkeypatch.setenv("BYCLOUD_API_URL", f"http://127.0.0.1:{port}")
        status, out, _ = invoke("check")

    assert status == 1
    assert out.splitlines()[1:] == [f"  FAIL  connection: 127.0.0.1:{port}: Connection refused"]


@pytest.mark.usefixtures("environ")
def test_check_of_malformed_records(invoke: Invoke, api: FaultyApi) -> None:
    """They are counted, and the log says which is the first."""
    api.faults.add(Malform({1: {"id": "x"}, 2: None}), when=of_backups)
    status, out, err = invoke("check", "--log.level=warning")

    assert status == 0
    assert "  warn  2 malformed records, not counted; the first: record 2: " in out
    assert "record 2" in err


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_colour_is_for_terminals(
    no_color: str | None,
    coloured: bool,  # noqa: FBT001 - what is expected
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And only where NO_COLOR is not set."""
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    ours, theirs = os.openpty()
    with subprocess.Popen([COMMAND, "check"], stdout=theirs, stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        said = _all_of(ours)

    assert process.returncode == 0
    assert ("\x1b[32mok  \x1b[0m  authenticated" in said) is coloured
    assert "authenticated" in said


def _all_of(terminal: int) -> str:
    """Read a pseudo-terminal to its end, which Linux tells as an error."""
    said = b""
    try:
        while chunk := os.read(terminal, 4096):
            said += chunk
    except OSError:
        pass
    os.close(terminal)
    return said.decode()


def test_the_demo_ends_with_its_terminal() -> None:
    """A terminal that is closed sends SIGHUP, which nobody means as a reload there."""
    with running("demo", LOOPBACK) as (process, url):
        requests.get(f"{url}/-/healthy", timeout=10)
        status = ended(process, signal.SIGHUP)

    assert status == -signal.SIGHUP


@pytest.mark.usefixtures("environ")
def test_an_output_that_cannot_be_written_is_a_failure(invoke: Invoke, tmp_path: Path) -> None:
    """The command ran, so its status is 1; one line names the flag, the file and why."""
    path = tmp_path / "gone" / "bycloud.prom"

    assert invoke("once", f"--output={path}") == (
        1,
        "",
        f"--output: cannot write {path}: No such file or directory\n",
    )


def test_the_top_level_help_lists_the_flags_of_serve(invoke: Invoke) -> None:
    """The bare command serves; the other commands come after."""
    _, out, _ = invoke("--help")
    _, serve, _ = invoke("serve", "--help")
    flags = set(re.findall(r"^  (--[a-z.-]+)", serve, re.MULTILINE))

    assert len(flags) >= 9
    assert flags <= set(re.findall(r"^  (--[a-z.-]+)", out, re.MULTILINE))
    assert out.index("--web.listen-address") < out.index("commands:") < out.index("    check ")


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(
    ("level", "told"), [("warn", True), ("warning", True), ("WARN", True), ("error", False)]
)
def test_a_level_has_the_name_that_go_gives_it(
    invoke: Invoke,
    api: FaultyApi,
    level: str,
    told: bool,  # noqa: FBT001 - what is expected
) -> None:
    """As well as Python's."""
    api.faults.add(Malform({1: {"id": "x"}}), when=of_backups)
    _, _, err = invoke("check", f"--log.level={level}")

    assert ("level=warning" in err) is told


class Unwritable(io.StringIO):
    """A stdout that is on a full disk."""

    def fileno(self) -> int:
        """Return a descriptor that may be replaced."""
        return os.open(os.devnull, os.O_WRONLY)

    def write(self, _: str) -> int:
        """Fail as such a stream does."""
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("fails", ["exporter.cli.commands.examine", "sys.stdout.write"])
def test_check_closes_its_connections_when_it_fails(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a bug or a full disk ends it too: the sockets are not left to the garbage collector."""
    closed = []
    close = HttpTransport.close

    def noted(transport: HttpTransport) -> None:
        close(transport)
        closed.append(transport)

    monkeypatch.setattr(HttpTransport, "close", noted)
    if fails == "sys.stdout.write":
        monkeypatch.setattr(sys, "stdout", Unwritable())
    else:
        monkeypatch.setattr(fails, _buggy)
    with pytest.raises((ZeroDivisionError, SystemExit)):
        main(["check"])

    assert len(closed) == 1


@pytest.mark.usefixtures("environ")
def test_once_closes_its_connections_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a bug ends it."""
    closed: list[Exporter] = []
    close = Exporter.close

    def noted(exporter: Exporter) -> None:
        close(exporter)
        closed.append(exporter)

    monkeypatch.setattr(Exporter, "close", noted)
    monkeypatch.setattr("exporter.cli.commands.answer_once", _buggy)
    with pytest.raises(ZeroDivisionError):
        main(["once"])

    assert len(closed) == 1


def _buggy(*_: object) -> NoReturn:
    raise ZeroDivisionError("a bug")


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("arguments", [["check"], ["once"], ["check", "--output=json"]])
def test_an_output_that_takes_nothing_is_a_failure(arguments: list[str]) -> None:
    """As on a full disk: one line, and no traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, *arguments, "--log.level=error"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "bycloud-backup-exporter: cannot write to standard output: No space left on device"
    )
    assert "Traceback" not in done.stderr
