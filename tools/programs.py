"""Other programs: whether they are installed, and what they print, in bounded time."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

SHOWN = 60  # lines of a failed program's output


class CheckFailedError(Exception):
    """What was checked is not as it must be."""


class UnavailableError(Exception):
    """The check itself cannot run on this machine."""


def run(*command: str | Path, timeout: float, env: Mapping[str, str] | None = None) -> str:
    """Return what a program printed to stdout.

    :param timeout: seconds that it may take.
    :raises CheckFailedError: it failed or took too long; holds the end of its output.
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
    """Kill an unfinished program with everything that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def answers(*command: str, timeout: float = 20.0) -> bool:
    """Tell whether a program is installed and succeeds."""
    if shutil.which(command[0]) is None:
        return False
    try:
        run(*command, timeout=timeout)
    except CheckFailedError:
        return False
    return True


def require(*programs: str) -> None:
    """Raise `UnavailableError` unless all these programs are installed."""
    if missing := [program for program in programs if shutil.which(program) is None]:
        raise UnavailableError(f"not installed: {', '.join(missing)}")
