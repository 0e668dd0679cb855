"""The command line, and the composition root behind each command."""

import argparse
import errno
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NoReturn

from exporter.cli.commands import FAILED, check_command, demo_command, once_command, serve_command
from exporter.cli.logs import FORMATS, LEVELS, configure_logs
from exporter.cli.version import describe_version
from exporter.errors import ConfigError
from exporter.server.run import DEFAULT_PORT
from exporter.server.sighup import unblock_sighup

PROGRAM: Final = "bycloud-backup-exporter"
COMMANDS: Final = ("serve", "check", "once", "demo")
MISUSED: Final = 2
_COUNT: Final = re.compile("[1-9][0-9]{0,3}")
EXAMPLES: Final = """\
examples:
  BYCLOUD_API_KEY=ID:SECRET bycloud-backup-exporter
      serve one target on port 10140
  bycloud-backup-exporter serve --config.file=/etc/bycloud-backup-exporter.yml
      serve the targets of a file
  bycloud-backup-exporter check --config.file=… --scrape-interval=30s
      try configuration and credentials, and whether the API's rate limits suffice
  bycloud-backup-exporter once --output=/var/lib/node_exporter/bycloud.prom
      write one scrape for node_exporter's textfile collector
  bycloud-backup-exporter demo
      the exporter on an embedded API with a living fleet: nothing needed

BYCLOUD_API_KEY or BYCLOUD_API_TOKEN (or either with _FILE) makes one target where no file does.
"""
UNWRITABLE: Final = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What an operating system answers where output cannot be written any more."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 fine, 1 it ran and failed, 2 usage or configuration error."""
    try:
        sys.exit(_run(_with_command(sys.argv[1:] if arguments is None else list(arguments))))
    except ConfigError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        sys.exit(MISUSED)
    except KeyboardInterrupt:
        sys.exit(FAILED)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes it once more
        if error.errno != errno.EPIPE:  # the reader that has gone needs no explanation
            print(f"{PROGRAM}: cannot write to standard output: {error.strerror}", file=sys.stderr)
        sys.exit(FAILED)


def _run(arguments: Sequence[str]) -> int:
    options, unknown = _parser().parse_known_args(arguments)
    if unknown:
        options.parser.refuse(unknown[0])
    configure_logs(options.level, options.style)
    if options.run is not serve_command:
        unblock_sighup()
    status: int = options.run(options)
    sys.stdout.flush()
    return status


class _Parser(argparse.ArgumentParser):
    """A parser that complains in one line, which ends in the help to read."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message.removeprefix('argument ')}; see {self.prog} --help")

    def refuse(self, argument: str) -> NoReturn:
        """Raise `ConfigError` for an argument that this command does not have, without the flag's value."""
        flag = argument.partition("=")[0]
        if not argument.startswith("-"):
            self.error(f"unexpected argument {argument!r}{_command_first(argument)}")
        self.error(f"unknown flag {flag}{_suggestion(flag, self._option_string_actions)}")


def _with_command(arguments: list[str]) -> list[str]:
    """Put `serve` ahead where no command is named; raise `ConfigError` where an unknown one is."""
    first = next(iter(arguments), "-")
    if first in COMMANDS or first in {"-h", "--help", "--version"}:
        return arguments
    if first.startswith("-"):
        return ["serve", *arguments]
    raise ConfigError(
        f"unknown command {first!r}{_suggestion(first, COMMANDS)}, allowed: {', '.join(COMMANDS)};"
        f" see {PROGRAM} --help"
    )


def _suggestion(word: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(word, known, n=1)
    return f" (did you mean {nearest[0]}?)" if nearest else ""


def _command_first(argument: str) -> str:
    return f": a command comes first, as in {PROGRAM} {argument}" if argument in COMMANDS else ""


def _parser() -> _Parser:
    configured = _options(_log_options("error"), _config_options())
    served = _options(_log_options(), _web_options())
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [serve] [FLAG ...]\n       {PROGRAM} COMMAND [FLAG ...]",
        description="Prometheus exporter for ByCloud's database backups. Without a command it serves;"
        " these are the flags of serve.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=(
            _config_options(),
            served,
        ),  # for the help alone: arguments that begin with a flag get `serve`
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {describe_version(os.environ)}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog=PROGRAM, required=True)
    _command(commands, "serve", serve_command, "serve metrics over HTTP (default)", _config_options(), served)
    check = _command(
        commands,
        "check",
        check_command,
        "try each target once and say what is wrong",
        configured,
        _web_file_option(),
    )
    check.add_argument(
        "--output",
        choices=("text", "json"),
        default="text",
        help="text for people, json for machines (default text)",
    )
    check.add_argument(
        "--scrape-interval",
        metavar="DURATION",
        default="60s",
        help="how often Prometheus scrapes (default 60s)",
    )
    once = _command(commands, "once", once_command, "print the metrics of one scrape", configured)
    once.add_argument("--target", metavar="NAME", help="which target, where there are several")
    once.add_argument(
        "--output", metavar="FILE", type=_file, help="replace FILE, and only by a complete result"
    )
    demo = _command(commands, "demo", demo_command, "serve an embedded API with a living fleet", served)
    demo.add_argument("--seed", type=int, default=1, help="which fleet (default 1)")
    return parser


def _command(
    commands: "argparse._SubParsersAction[_Parser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    *parents: _Parser,
) -> _Parser:
    command = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", parents=parents, allow_abbrev=False
    )
    command.set_defaults(run=run, parser=command)
    return command


def _options(*parents: _Parser) -> _Parser:
    return _Parser(add_help=False, parents=parents)


def _config_options() -> _Parser:
    options = _options()
    options.add_argument(
        "--config.file",
        dest="config",
        metavar="FILE",
        type=_file,
        help="YAML file with targets and objectives",
    )
    return options


def _log_options(level: str = "info") -> _Parser:
    options = _options()
    options.add_argument(
        "--log.level",
        dest="level",
        metavar="LEVEL",
        type=_level,
        default=level,
        help=f"debug, info, warn or error (default {level})",
    )
    options.add_argument(
        "--log.format", dest="style", choices=FORMATS, default="logfmt", help="default logfmt"
    )
    return options


def _web_file_option() -> _Parser:
    options = _options()
    options.add_argument(
        "--web.config.file",
        dest="web_config",
        metavar="FILE",
        type=_file,
        help="YAML file with TLS, users and headers, in the Prometheus exporter-toolkit's format",
    )
    return options


def _web_options() -> _Parser:
    options = _options(_web_file_option())
    options.add_argument(
        "--web.listen-address",
        dest="addresses",
        metavar="HOST:PORT",
        action="append",
        help=f"where to listen; may be given several times (default :{DEFAULT_PORT})",
    )
    options.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        metavar="PATH",
        default="/metrics",
        help="default /metrics",
    )
    options.add_argument(
        "--web.external-url",
        dest="external_url",
        metavar="URL",
        help="where others reach us, for /sd (default: the listen address's host or the request's)",
    )
    options.add_argument(
        "--web.enable-lifecycle",
        dest="lifecycle",
        action="store_true",
        help="let whoever reaches the port reload the configuration, by POST or PUT to /-/reload",
    )
    options.add_argument(
        "--web.max-requests",
        dest="max_requests",
        metavar="N",
        type=_count,
        default=40,
        help="scrapes answered at once; more get 503 (default 40)",
    )
    return options


def _level(text: str) -> str:
    """Read a level, also by the name that Go's exporters give it."""
    level = {"warn": "warning"}.get(text.lower(), text.lower())
    if level not in LEVELS:
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed: debug, info, warn or warning, error")
    return level


def _file(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("found nothing, allowed: the path of a file")
    return Path(text)


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed: a whole number from 1 to 9999")
    return int(text)
