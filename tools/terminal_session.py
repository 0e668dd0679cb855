"""Writes docs/images/terminal.svg, a session of `check` and `explain`: `python -m tools.terminal_session`."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from textwrap import wrap
from typing import Final

from rich.console import Console
from rich.text import Text

from exporter.simulator import Fleet, SimulatedApi

FILE: Final = Path(__file__).parents[1] / "docs" / "images" / "terminal.svg"
KEY: Final = "demo:demo-secret"
COLUMNS: Final = 126
FONTS: Final = re.compile(r"@font-face \{.*?\}\n", re.DOTALL)
"""They would be loaded from another host."""
COMMANDS: Final = ("check --scrape-interval=15s", "explain crm-db")
COLOURS: Final = {"ok": "green", "warn": "yellow", "FAIL": "bold red"}
PLACE: Final = "https://api.spo1.mycloud.com"


def session() -> list[tuple[str, str]]:
    """Return each command with its output, on the demo's fleet and the limits of the Standard tier."""
    fleet = Fleet()
    with SimulatedApi(
        backups=lambda: fleet.backups(datetime.now(UTC)),
        instances=lambda: fleet.instances(datetime.now(UTC)),
        api_key=KEY,
        tier="standard",
    ) as api:
        environment = {
            "BYCLOUD_API_URL": api.url,
            "BYCLOUD_API_KEY": KEY,
            "BYCLOUD_SIZE_UNIT": "GiB",
            "COLUMNS": str(COLUMNS),
            "PATH": os.environ["PATH"],
        }
        return [(command, _output(command, environment).replace(api.url, PLACE)) for command in COMMANDS]


def _output(command: str, environment: dict[str, str]) -> str:
    words = [sys.executable, "-m", "exporter", *command.split()]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


def drawing(commands: list[tuple[str, str]]) -> str:
    """Return a session as SVG.

    :param commands: each with its output.
    """
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, highlight=False)
        for command, output in commands:
            console.print(Text.assemble(("$ ", "bold green"), (f"bycloud-backup-exporter {command}", "bold")))
            for line in chain.from_iterable(map(_wrapped, output.splitlines())):
                console.print(_coloured(line))
            console.print()
    return FONTS.sub("", console.export_svg(title="bycloud-backup-exporter", unique_id="terminal"))


def _wrapped(line: str) -> list[str]:
    return wrap(line, COLUMNS, subsequent_indent=" " * 8, break_on_hyphens=False) or [""]


def _coloured(line: str) -> Text:
    text = Text(line)
    for word, colour in COLOURS.items():
        text.highlight_regex(rf"^\s*{re.escape(word)}\b", colour)
    return text


if __name__ == "__main__":
    FILE.write_text(drawing(session()), encoding="utf-8")
