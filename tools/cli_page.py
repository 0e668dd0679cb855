"""Generates docs/cli.md from the flags of each command."""

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from exporter.cli.flags import add_flags
from exporter.cli.parser import COMMANDS
from exporter.cli.version import PROGRAM

TEMPLATE: Final = (Path(__file__).parent / "cli_page.md").read_text(encoding="utf-8")
DEFAULT: Final = re.compile(r"[ \n]*\(?default:? ([^)]*)\)?$")
OF_THE_PROGRAM: Final = (
    "| `--version` | | none | print version, revision (of an image) and Python |\n"
    "| `--help` | all | none | print the flags; without a command, also the other commands |\n"
)


class Flag(NamedTuple):
    """A flag as a row shows it."""

    name: str
    default: str
    meaning: str


def cli_page() -> str:
    """Return docs/cli.md."""
    return TEMPLATE.replace("{commands}", _commands()).replace("{flags}\n", _flags())


def _commands() -> str:
    rows = "".join(f"| `{_usage(name)}` | {summary} |\n" for name, summary in COMMANDS.items())
    return f"| command | what it does |\n| --- | --- |\n{rows}"


def _usage(command: str) -> str:
    arguments = [str(action.metavar) for action in _actions(command) if not action.option_strings]
    return " ".join((PROGRAM, command, *arguments))


def _flags() -> str:
    users: dict[Flag, list[str]] = {}
    for command in COMMANDS:
        for flag in _flags_of(command):
            users.setdefault(flag, []).append(command)
    rows = "".join(_row(flag, commands) for flag, commands in sorted(users.items(), key=lambda item: item[0]))
    return f"| flag | of | default | meaning |\n| --- | --- | --- | --- |\n{rows}{OF_THE_PROGRAM}"


def _flags_of(command: str) -> Iterator[Flag]:
    for action in _actions(command):
        if action.option_strings and action.dest != "help":
            yield _flag(action)


def _flag(action: argparse.Action) -> Flag:
    values = action.metavar or "|".join(map(str, action.choices or ()))
    name = f"{action.option_strings[0]}={values}" if values else action.option_strings[0]
    text = action.help or ""
    stated = DEFAULT.search(text)
    default = stated[1] if stated else ""
    meaning = " ".join(DEFAULT.sub("", text).split())
    return Flag(name, default, meaning or "format of the log")


def _row(flag: Flag, commands: Iterable[str]) -> str:
    used = " ".join(f"`{command}`" for command in commands)
    shown = flag.name.replace("|", "\\|")
    default = flag.default if " " in flag.default else f"`{flag.default}`" if flag.default else "none"
    return f"| `{shown}` | {used} | {default} | {flag.meaning} |\n"


def _actions(command: str) -> list[argparse.Action]:
    parser = argparse.ArgumentParser()
    add_flags(parser, command)
    return parser._actions  # noqa: SLF001 - argparse has no other list of them
