"""The command line's grammar: the commands, and the parser of each one.

Only the parser of the command in question is built, and little is imported: `--help` takes little longer than
Python itself.
"""

import argparse
from collections.abc import Iterable, Sequence

from exporter.cli import flags
from exporter.cli.version import PROGRAM

TYPE_CHECKING = False  # importing it from `typing` would take a tenth of the start-up time
if TYPE_CHECKING:
    from typing import NoReturn, TextIO

WIDTH = 100  # columns of the help
COMMANDS = {
    "serve": "serve metrics over HTTP (default)",
    "check": "test each target once and report what is wrong",
    "explain": "explain whether a database can be restored, and what to do next",
    "once": "print the metrics of one scrape",
    "demo": "serve an embedded API with example databases",
    "healthcheck": "ask a running exporter whether it is alive; takes the flags of serve",
}
EXAMPLES = """\
examples:
  BYCLOUD_API_KEY=ID:SECRET bycloud-backup-exporter
      serve one target on port 10140
  bycloud-backup-exporter serve --config.file=/etc/bycloud-backup-exporter.yml
      serve the targets of a configuration file
  bycloud-backup-exporter check --config.file=… --scrape-interval=30s
      test the configuration, the credentials, and whether the API's rate limits allow this interval
  bycloud-backup-exporter explain orders-db --config.file=…
      show how far back a database can be restored, which backup breaks its chain, and what to do next
  bycloud-backup-exporter once --output=/var/lib/node_exporter/bycloud.prom
      write the metrics of one scrape for node_exporter's textfile collector
  bycloud-backup-exporter demo
      serve an embedded API with example databases; needs no configuration

If no file names targets, BYCLOUD_API_KEY or BYCLOUD_API_TOKEN (or either with _FILE) defines one.
"""


class UsageError(Exception):
    """The command line cannot be used; its text is the one line to show."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; print help and exit on `--help`.

    :param arguments: without the program's name.
    :returns: the options; `command` is the command's name, `serve` if none was given.
    :raises UsageError: for an unknown command or flag, or a value that a flag does not accept.
    """
    first = next(iter(arguments), "-")
    if first in COMMANDS:
        return _parse(first, arguments[1:])
    if first in {"-h", "--help"}:
        _main_parser().parse_args(["--help"])
    if first.startswith("-"):
        return _parse("serve", arguments)
    raise UsageError(
        f"unknown command {first!r}{_suggestion(first, COMMANDS)}, allowed: {', '.join(COMMANDS)};"
        f" see {PROGRAM} --help"
    )


class _Formatter(argparse.RawTextHelpFormatter):
    """Help as it is written, of a fixed width: to measure and to wrap, argparse would import much more."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=WIDTH)


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line, which ends with the matching help command."""

    def error(self, message: str) -> "NoReturn":
        raise UsageError(f"{message.removeprefix('argument ')}; see {self.prog} --help")

    def print_help(self, file: "TextIO | None" = None) -> None:  # type: ignore[override] # nothing passes less
        """Print the help. Unlike argparse's, it raises `OSError` if that fails."""
        print(self.format_help(), end="", file=file, flush=True)

    def refuse(self, argument: str) -> "NoReturn":
        """Raise `UsageError` for an unknown argument, without the flag's value: it may be a secret."""
        flag = argument.partition("=")[0]
        if not argument.startswith("-"):
            hint = f": put the command first, as in {PROGRAM} {argument}" if argument in COMMANDS else ""
            self.error(f"unexpected argument {argument!r}{hint}")
        if flag in self._option_string_actions:
            self.error(f"unexpected argument {flag}: put flags before --")
        self.error(f"unknown flag {flag}{_suggestion(flag, self._option_string_actions)}")


def _parse(command: str, arguments: Sequence[str]) -> argparse.Namespace:
    summary = COMMANDS[command]
    parser = _Parser(
        prog=f"{PROGRAM} {command}",
        description=f"{summary[0].upper()}{summary[1:]}.",
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    flags.add_flags(parser, command)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.refuse(unknown[0])
    options.command = command
    return options


def _main_parser() -> _Parser:
    """Return the parser for the help of the program as a whole."""
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"    {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [serve] [FLAG ...]\n       {PROGRAM} COMMAND [FLAG ...]",
        description="Prometheus exporter for ByCloud's database backups.\n\n"
        "Without a command, it serves: the flags below are those of serve.",
        epilog=f"commands:\n{commands}\n\n{EXAMPLES}",
        formatter_class=_Formatter,
    )
    flags.add_flags(parser, "serve")
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser


def _suggestion(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # only for errors

    nearest = get_close_matches(word, known, n=1)
    return f" (did you mean {nearest[0]}?)" if nearest else ""
