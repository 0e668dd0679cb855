"""Runs the command line: parses it, loads the configuration, imports the command and runs it.

A command is imported last, because its libraries take ten times as long as all before it.
"""

import errno
import os
import signal
import sys
from collections.abc import Iterable, Sequence

from exporter.cli.streams import reopen_closed_streams, write_any_text
from exporter.cli.version import PROGRAM, describe_version

TYPE_CHECKING = False  # importing it from `typing` would take a tenth of the start-up time
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import NoReturn

FAILED = 1
MISUSED = 2
UNWRITABLE = frozenset({errno.EBADF, errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""The errors of an output that can no longer be written."""


def main(arguments: Sequence[str] | None = None) -> "NoReturn":
    """Run the command line and exit: 0 success, 1 failure, 2 usage or configuration error.

    :param arguments: without the program's name; `None` takes those of the process.
    """
    reopen_closed_streams()
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] == "--version":
        sys.exit(_print_version())
    from exporter.cli.parser import UsageError, parse  # not for `--version`

    try:
        sys.exit(_run(parse(arguments)))
    except UsageError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        sys.exit(MISUSED)
    except OSError as error:  # of the help
        sys.exit(_report_unwritable(error))


def _print_version() -> int:
    try:
        print(f"{PROGRAM} {describe_version(os.environ)}", flush=True)
    except OSError as error:
        return _report_unwritable(error)
    return 0


def _run(options: "Namespace") -> int:
    from exporter.errors import ConfigError  # not for `--help`

    try:
        status = _run_command(options)
        sys.stdout.flush()
    except ConfigError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        return FAILED
    except OSError as error:
        return _report_unwritable(error)
    return status


def _run_command(options: "Namespace") -> int:
    write_any_text(encoding="utf-8" if options.command == "once" else None)  # an exposition is in UTF-8
    if options.command != "serve":  # for which a SIGHUP is a reload, and waits until it can be one
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    if options.command == "demo":
        return _demo(options)
    if options.command == "healthcheck":
        return _healthcheck(options)
    from exporter.config.load import load_with_warnings  # not for `--help`

    loaded = load_with_warnings(options.config, os.environ)
    _configure_logs(options)
    if options.command == "check":
        from exporter.cli.commands.check import run as check  # only the command that runs

        return check(options, loaded.config, loaded.warnings)
    _log_warnings(loaded.warnings)
    match options.command:
        case "explain":
            from exporter.cli.commands.explain import run  # only the command that runs
        case "once":
            from exporter.cli.commands.once import run  # only the command that runs
        case _:
            from exporter.cli.commands.serve import run
    return run(options, loaded.config)


def _log_warnings(warnings: Iterable[str]) -> None:
    import structlog  # not for `--help`

    for warning in warnings:
        structlog.get_logger().warning(warning)


def _demo(options: "Namespace") -> int:
    from exporter.cli.commands.demo import run  # only the command that runs

    _configure_logs(options)
    return run(options)


def _healthcheck(options: "Namespace") -> int:
    from exporter.cli.commands.healthcheck import run  # only the command that runs

    return run(options)


def _configure_logs(options: "Namespace") -> None:
    from exporter.cli.logs import configure_logs  # structlog takes as long as all before it

    configure_logs(options.log_level, options.log_format)


def _report_unwritable(error: OSError) -> int:
    """Print why standard output cannot be written, and return the exit status.

    A reader that has gone, as in `| head`, needs no words.

    :raises OSError: if it is about anything else.
    """
    if error.errno not in UNWRITABLE:
        raise error
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes it at exit
    if error.errno != errno.EPIPE:
        print(f"{PROGRAM}: cannot write to standard output: {error.strerror}", file=sys.stderr)
    return FAILED
