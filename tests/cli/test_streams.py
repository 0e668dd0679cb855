"""Standard streams that the caller closed."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli.streams import write_any_text
from tests.support.command import COMMAND


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(
    "arguments", ["check", "once", "check --output=json", "explain *", "--version", "--help"]
)
def test_a_closed_stdout_is_one_line(arguments: str) -> None:
    """If the caller closed standard output, the status is 1 and the line says so."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"set -f; {COMMAND} {arguments} >&-"],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (
        1,
        "bycloud-backup-exporter: cannot write to standard output: Bad file descriptor\n",
    )


@pytest.mark.usefixtures("environ")
def test_a_file_needs_no_stdout(tmp_path: Path) -> None:
    """`once --output` succeeds without standard output: nothing is printed."""
    path = tmp_path / "bycloud.prom"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{COMMAND} once --output={path} >&- 2>&-"], capture_output=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert "bycloud_up 1.0" in path.read_text()


def test_without_stderr_no_message_goes_to_stdout() -> None:
    """If the caller closed standard error, a message is lost."""
    done = subprocess.run(["/bin/sh", "-c", f"{COMMAND} nonsense 2>&-"], capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.parametrize(
    ("encoding", "written"), [(None, b"caf\\xe9"), ("utf-8", "caf\u00e9".encode())], ids=["ascii", "utf-8"]
)
def test_text_that_the_locale_cannot_encode_is_written(
    monkeypatch: pytest.MonkeyPatch, encoding: str | None, written: bytes
) -> None:
    """It is escaped, or the stream gets another encoding."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    write_any_text(encoding=encoding)
    sys.stdout.write("caf\u00e9")
    sys.stdout.flush()

    assert raw.getvalue() == written
