"""The command as a process."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

COMMAND = Path(sys.executable).parent / "bycloud-backup-exporter"
LOOPBACK = "--web.listen-address=127.0.0.1:0"
Invoke = Callable[..., tuple[int, str, str]]
"""Runs a command line in this process; returns its status, stdout and stderr."""
UNHARDENED = ("env", "--default-signal=HUP")
"""Runs a command as from a terminal, even if the suite itself ignores SIGHUP, as under `nohup`."""


@contextmanager
def running(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a command that serves; yield the process and the URL once it listens."""
    with subprocess.Popen(
        [*UNHARDENED, COMMAND, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process, f"http://127.0.0.1:{listening_port(process.stderr)}"
        finally:
            process.kill()


def listening_port(stderr: IO[str] | None) -> str:
    """Return the port that the command logs once it listens; fail if it ends before."""
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


def run(*arguments: str) -> tuple[int, str, str]:
    """Run a command to its end; return its status, stdout and stderr."""
    done = subprocess.run([COMMAND, *arguments], text=True, capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr
