"""The command line as a whole: exit statuses, and what its start imports."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter import __version__
from tests.support.command import COMMAND, LOOPBACK, Invoke
from tests.support.faults import FaultyApi, Malform
from tests.support.matching import of_backups

VERSION = f"{__version__} (Python {platform.python_version()})"


def test_no_configuration_is_one_line(
    invoke: Invoke, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a credential, and with one that cannot be read, the line says what is needed."""
    assert environ
    monkeypatch.delenv("BYCLOUD_API_KEY")
    none = invoke(LOOPBACK)
    monkeypatch.setenv("BYCLOUD_API_KEY_FILE", "/nonexistent")
    unreadable = invoke(LOOPBACK)

    assert none[0] == unreadable[0] == 2
    assert none[2].startswith(
        "bycloud-backup-exporter: environment: found no credential, allowed: exactly one of"
    )
    assert unreadable[2] == (
        "bycloud-backup-exporter: environment: BYCLOUD_API_KEY_FILE: cannot read /nonexistent:"
        " No such file or directory\n"
    )


@pytest.mark.usefixtures("environ")
def test_the_command_itself_never_shows_a_traceback() -> None:
    """A mistake ends the process with status 2 and one line."""
    done = subprocess.run([COMMAND, "nonsense"], text=True, capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_the_package_is_the_command_too() -> None:
    """`python -m exporter` runs the command too."""
    done = subprocess.run(
        [sys.executable, "-m", "exporter", "--version"], text=True, capture_output=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, f"bycloud-backup-exporter {VERSION}\n")


@pytest.mark.usefixtures("environ")
def test_a_closed_pipe_ends_the_command_silently() -> None:
    """A reader may leave early, as in `once | head`: the status is 1, and there is no message."""
    with subprocess.Popen(
        [COMMAND, "once", "--log.level=error"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()

    assert (process.returncode, err) == (1, "")


@pytest.mark.usefixtures("environ")
def test_ctrl_c_ends_with_status_1(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted command failed; it prints no traceback."""
    monkeypatch.setattr("exporter.config.load.load_with_warnings", _interrupted)

    assert invoke("check") == (1, "", "")


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(
    ("level", "logged"), [("warn", True), ("warning", True), ("WARN", True), ("error", False)]
)
def test_log_levels_have_the_names_of_python_and_of_go(
    invoke: Invoke,
    api: FaultyApi,
    level: str,
    logged: bool,  # noqa: FBT001 - what is expected
) -> None:
    """`warn` and `warning` are one level, in any case."""
    api.faults.add(Malform({1: {"id": "x"}}), when=of_backups)
    _, _, err = invoke("check", f"--log.level={level}")

    assert ("level=warning" in err) is logged


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("arguments", [["check"], ["once"], ["check", "--output=json"]])
def test_a_full_disk_is_one_line(arguments: list[str]) -> None:
    """If standard output cannot be written, the status is 1 and the line says why."""
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


def test_version(invoke: Invoke) -> None:
    """`--version` prints the program's name, its version and Python's."""
    assert invoke("--version") == (0, f"bycloud-backup-exporter {VERSION}\n", "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_version_that_cannot_be_written_is_one_line(unbuffered: str) -> None:
    """A full disk is explained with status 1, and a closed pipe ends the command silently."""
    command = [sys.executable, "-m", "exporter", "--version"]
    environ = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    reader, writer = os.pipe()
    os.close(reader)
    with Path("/dev/full").open("w") as full, os.fdopen(writer, "w") as closed:
        on_full_disk, without_reader = (
            subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, env=environ, check=False)
            for out in (full, closed)
        )

    assert (on_full_disk.returncode, on_full_disk.stderr) == (
        1,
        "bycloud-backup-exporter: cannot write to standard output: No space left on device\n",
    )
    assert (without_reader.returncode, without_reader.stderr) == (1, "")


HEAVY = (
    "jinja2",
    "prometheus_client",
    "requests",
    "rich",
    "starlette",
    "structlog",
    "tenacity",
    "urllib3",
    "uvicorn",
)
IMPORTED = f"""
import sys
from exporter.__main__ import main
try:
    main()
except SystemExit as ended:
    print(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
    sys.exit(ended.code)
"""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["check", "--help"], 0),
        (["--nonsense"], 2),
        (["--config.file=/nonexistent.yml"], 2),
        (["check"], 2),
        (["explain", "--help"], 0),
        (["explain", "orders-db"], 2),
    ],
)
def test_a_short_command_imports_no_large_library(arguments: list[str], status: int) -> None:
    """Help, version and errors of usage or configuration need no server, client or template engine."""
    environ = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", IMPORTED, *arguments]
    done = subprocess.run(command, text=True, capture_output=True, check=False, env=environ)

    assert done.returncode == status
    assert done.stderr.splitlines()[-1] == ""
