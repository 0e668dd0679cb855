"""What starting a short command costs, compared with starting Python.

    python -m benchmarks.startup [--rounds 30]

Each round starts each command once; the least processor time of all rounds counts.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from benchmarks.page import Row

PROGRAM: Final = str(Path(sys.executable).parent / "bycloud-backup-exporter")
PYTHON: Final = (sys.executable, "-c", "pass")
SHORT: Final = "≤ 2.5"  # times Python
CONFIGURED: Final = "≤ 8"
ENVIRONMENT: Final = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Without this variable, the first start compiles a checkout, as the installation does a package."""
DEV_NULL: Final = tuple((os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2))


def startup_rows(rounds: int = 30) -> Iterator[Row]:
    """Yield a row for each short command: its processor time, and the ratio to a bare `python -c pass`."""
    with NamedTemporaryFile("w", suffix=".yml") as file:
        file.write("targets: [{name: production, unknown: 1}]\n")
        file.flush()
        commands = {
            "python -c pass": PYTHON,
            "--version": (PROGRAM, "--version"),
            "--help": (PROGRAM, "--help"),
            "an error in the configuration": (PROGRAM, f"--config.file={file.name}"),
        }
        least = _least(commands, rounds)
    floor = least.pop("python -c pass")
    yield "start: python -c pass", _milliseconds(floor), "", ""
    for name, seconds in least.items():
        bound = CONFIGURED if "configuration" in name else SHORT
        yield f"start: {name}", _milliseconds(seconds), f"{seconds / floor:.2f}", bound


def _least(commands: Mapping[str, tuple[str, ...]], rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(_processor_seconds(command))
    return {name: min(seconds) for name, seconds in times.items()}


def _processor_seconds(command: tuple[str, ...]) -> float:
    process = os.posix_spawn(command[0], command, ENVIRONMENT, file_actions=DEV_NULL)
    _, _, used = os.wait4(process, 0)
    return used.ru_utime + used.ru_stime


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms of processor"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30, help="starts of each command (default: 30)")
    for row in startup_rows(parser.parse_args().rounds):
        print("  ".join(filter(None, row)), flush=True)


if __name__ == "__main__":
    main()
