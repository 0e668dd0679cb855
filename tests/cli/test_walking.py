"""The walk of a command as a process."""

import subprocess
from collections.abc import Mapping

import pytest

from tests.support.command import COMMAND
from tests.support.terminal import ERASED, Terminal


@pytest.mark.parametrize("command", ["check", "once", "explain database-0002"])
def test_progress_is_for_terminals(command: str, environ: Mapping[str, str]) -> None:
    """A command shows it on standard error, and nothing of it is left."""
    with Terminal() as terminal:
        process = subprocess.Popen(
            [COMMAND, *command.split()],
            stdout=subprocess.PIPE,
            stderr=terminal.stream,
            env={**environ, "TERM": "xterm"},
        )
        shown = terminal.read_to_end()
        printed, _ = process.communicate()

    assert process.returncode == (1 if "explain" in command else 0)
    assert "default: " in shown
    assert shown.endswith(ERASED)
    assert b"\x1b" not in printed


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"])
def test_without_a_terminal_nothing_is_shown(variable: str, environ: Mapping[str, str]) -> None:
    """Standard error that is no terminal has no progress, even if a variable asks for a terminal's output."""
    done = subprocess.run(
        [COMMAND, "check"], capture_output=True, check=False, env={**environ, variable: "1"}
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\x1b" not in done.stdout
