"""Writes docs/images/terminal.svg, a session of `check` and `explain`: `python -m tools.terminal_session`."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
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
PROMPT: Final = "$ "
COMMAND_SECONDS: Final = 2.0
LINE_SECONDS: Final = 0.5
"""A session takes about half a minute."""
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
    """Return a session as SVG, whose lines appear one after another.

    :param commands: each with its output.
    """
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, highlight=False)
        lines = [line for command, output in commands for line in _lines(command, output)]
        console.print(Text("\n").join(lines))
    picture = FONTS.sub("", console.export_svg(title="bycloud-backup-exporter", unique_id="terminal"))
    return picture.replace("</style>", f"{_animation(lines)}</style>", 1)


def _lines(command: str, output: str) -> Iterator[Text]:
    yield Text.assemble((PROMPT, "bold green"), (f"bycloud-backup-exporter {command}", "bold"))
    yield from map(_coloured, chain.from_iterable(map(_wrapped, output.splitlines())))
    yield Text()


def _animation(lines: Sequence[Text]) -> str:
    """Return the style sheet that shows each line at its time; readers who want no motion see all at once."""
    seconds, rules = 0.0, []
    for number, line in enumerate(lines):
        seconds += COMMAND_SECONDS if line.plain.startswith(PROMPT) else LINE_SECONDS
        rules.append(f'[clip-path="url(#terminal-line-{number})"] {{ animation-delay: {seconds:.1f}s }}')
    appear = "@keyframes appear { from { visibility: hidden } to { visibility: visible } }"
    every = '[clip-path^="url(#terminal-line-"] { animation: appear 0.1s both }'
    return "\n".join((appear, "@media (prefers-reduced-motion: no-preference) {", every, *rules, "}", ""))


def _wrapped(line: str) -> list[str]:
    return wrap(line, COLUMNS, subsequent_indent=" " * 8, break_on_hyphens=False) or [""]


def _coloured(line: str) -> Text:
    text = Text(line)
    for word, colour in COLOURS.items():
        text.highlight_regex(rf"^\s*{re.escape(word)}\b", colour)
    return text


if __name__ == "__main__":
    FILE.write_text(drawing(session()), encoding="utf-8")
