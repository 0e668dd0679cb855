"""The command line, and the composition root behind each command."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from exporter import __version__
from exporter.commands import FAILED, check_command, demo_command, once_command, serve_command
from exporter.errors import ConfigError
from exporter.logs import FORMATS, LEVELS, configure_logs
from exporter.server import DEFAULT_PORT

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


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 fine, 1 it ran and failed, 2 usage or configuration error."""
    try:
        sys.exit(_run(_with_command(sys.argv[1:] if arguments is None else list(arguments))))
    except ConfigError as error:
        print(f"bycloud-backup-exporter: {error}", file=sys.stderr)
        sys.exit(MISUSED)
    except KeyboardInterrupt:
        sys.exit(FAILED)
    except BrokenPipeError:  # whoever reads our output has gone; the interpreter would flush it once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


def _run(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    configure_logs(options.level, options.style)
    status: int = options.run(options)
    sys.stdout.flush()
    return status


class _Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message.removeprefix('argument ')}; see {self.prog} --help")


def _with_command(arguments: list[str]) -> list[str]:
    """Put `serve` ahead where no command is named."""
    if arguments and (not arguments[0].startswith("-") or arguments[0] in {"-h", "--help", "--version"}):
        return arguments
    return ["serve", *arguments]


def _parser() -> _Parser:
    parser = _Parser(
        prog="bycloud-backup-exporter",
        description="Prometheus exporter for ByCloud's database backups. Without a command it serves.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    configured = _options(_log_options("error"), _config_options())
    served = _options(_log_options(), _web_options())
    _command(commands, "serve", serve_command, "serve metrics over HTTP", _config_options(), served)
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
        "--output", metavar="FILE", type=Path, help="replace FILE, and only by a complete result"
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
    command.set_defaults(run=run)
    return command


def _options(*parents: _Parser) -> _Parser:
    return _Parser(add_help=False, parents=parents)


def _config_options() -> _Parser:
    options = _options()
    options.add_argument(
        "--config.file",
        dest="config",
        metavar="FILE",
        type=Path,
        help="YAML file with targets and objectives",
    )
    return options


def _log_options(level: str = "info") -> _Parser:
    options = _options()
    options.add_argument("--log.level", dest="level", choices=LEVELS, default=level, help=f"default {level}")
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
        type=Path,
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


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed: a whole number from 1 to 9999")
    return int(text)
