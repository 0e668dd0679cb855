"""Runs other programs with a timeout."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

SHOWN = 60  # lines of a failed program's output


class CheckFailedError(Exception):
    """The check failed."""


class UnavailableError(Exception):
    """The check cannot run on this machine."""


def run(*command: str | Path, timeout: float, env: Mapping[str, str] | None = None) -> str:
    """Run a program and return its stdout.

    :param timeout: seconds.
    :raises CheckFailedError: it failed or timed out; the message ends with the last lines of its output.
    """
    words = [str(word) for word in command]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, start_new_session=True
    ) as process:
        try:
            output, errors = (text.decode(errors="replace") for text in process.communicate(timeout=timeout))
        except subprocess.TimeoutExpired as error:
            raise CheckFailedError(f"took longer than {timeout:g} s: {' '.join(words)}") from error
        finally:
            _kill_group(process)
    if process.returncode:
        last = (output + errors).splitlines()[-SHOWN:]
        raise CheckFailedError("\n".join([f"exit status {process.returncode}: {' '.join(words)}", *last]))
    return output


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that still runs, and its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def succeeds(*command: str, timeout: float = 20.0) -> bool:
    """Return whether a program is installed and exits with 0."""
    if shutil.which(command[0]) is None:
        return False
    try:
        run(*command, timeout=timeout)
    except CheckFailedError:
        return False
    return True


def require(*programs: str) -> None:
    """Raise `UnavailableError` unless all programs are installed."""
    if missing := [program for program in programs if shutil.which(program) is None]:
        raise UnavailableError(f"not installed: {', '.join(missing)}")
