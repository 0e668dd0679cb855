"""The flags of each command, what they accept, and their help."""

import argparse
import os
import re

DEFAULT_PORT = 10140
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("logfmt", "json")
API_TIERS = (
    "standard",
    "professional",
    "enterprise",
    "unlimited",
)  # as in `api.tiers`: `--help` imports little


def add_flags(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags of a command."""
    for add in _FLAGS[command]:
        add(parser)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config.file",
        dest="config",
        metavar="FILE",
        type=_file,
        help="YAML file with targets and objectives",
    )


def _add_log(parser: argparse.ArgumentParser, level: str = "info") -> None:
    parser.add_argument(
        "--log.level",
        dest="log_level",
        metavar="LEVEL",
        type=_level,
        default=level,
        help=f"debug, info, warn or error (default {level})",
    )
    parser.add_argument(
        "--log.format",
        dest="log_format",
        choices=LOG_FORMATS,
        default="logfmt",
        help="default logfmt",
    )


def _add_log_of_errors(parser: argparse.ArgumentParser) -> None:
    _add_log(parser, "error")


def _add_web_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--web.config.file",
        dest="web_config",
        metavar="FILE",
        type=_file,
        help="YAML file with TLS, users and headers,\nin the Prometheus exporter-toolkit's format",
    )


def _add_addresses(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--web.listen-address",
        dest="addresses",
        metavar="HOST:PORT",
        action="append",
        help=f"address to listen on; repeatable (default :{DEFAULT_PORT})",
    )
    parser.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        metavar="PATH",
        type=_telemetry_path,
        default="/metrics",
        help="path of the metrics (default /metrics)",
    )
    parser.add_argument(
        "--web.external-url",
        dest="external_url",
        metavar="URL",
        help="URL under which Prometheus reaches the exporter, for /sd\n"
        "(default: the host of the listen address, else of the request)",
    )


def _add_access(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--web.enable-lifecycle",
        dest="lifecycle",
        action="store_true",
        help="allow anyone who can reach the port to reload the configuration:\nPOST or PUT /-/reload",
    )
    parser.add_argument(
        "--web.max-requests",
        dest="max_requests",
        metavar="N",
        type=_max_requests,
        default=40,
        help="maximum number of concurrent scrapes; further ones wait 2s, then get 503\n(default 40)",
    )


def _add_check(parser: argparse.ArgumentParser) -> None:
    _add_format(parser)
    parser.add_argument(
        "--scrape-interval",
        metavar="DURATION",
        type=_scrape_interval,
        default="60s",
        help="how often Prometheus scrapes (default 60s)",
    )


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        choices=("text", "json"),
        default="text",
        help="text for people, json for programs (default text)",
    )


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "database",
        metavar="DATABASE",
        help="name or id of the database, or a shell pattern such as 'orders-*'",
    )
    parser.add_argument("--target", metavar="NAME", help="look for it in this target only")
    _add_format(parser)


def _add_once(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", metavar="NAME", help="the target, if there are several")
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=_file,
        help="write the metrics to FILE, and only if the walk is complete",
    )


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed",
        metavar="N",
        type=int,
        default=1,
        help="seed of the databases and their backups (default 1)",
    )
    parser.add_argument(
        "--tier",
        choices=API_TIERS,
        default="enterprise",
        help="rate limits of the embedded API; standard spreads walks over the hour\n(default enterprise)",
    )


_SERVE = (_add_config, _add_log, _add_web_config, _add_addresses, _add_access)
_FLAGS = {
    "serve": _SERVE,
    "check": (_add_config, _add_log_of_errors, _add_web_config, _add_check),
    "explain": (_add_config, _add_log_of_errors, _add_explain),
    "once": (_add_config, _add_log_of_errors, _add_once),
    "demo": (_add_log, _add_web_config, _add_addresses, _add_access, _add_demo),
    "healthcheck": _SERVE,
}
"""What adds the flags of each command, in the order of its help."""


def _level(text: str) -> str:
    """Return the level's name in Python; Go's `warn` is accepted too."""
    level = {"warn": "warning"}.get(text.lower(), text.lower())
    if level not in LOG_LEVELS:
        raise _not_allowed(text, "debug, info, warn or warning, error")
    return level


def _file(text: str) -> "os.PathLike[str]":
    from pathlib import Path  # not for `--help`

    if not text:
        raise argparse.ArgumentTypeError("found nothing, allowed: the path of a file")
    return Path(text)


def _max_requests(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        raise _not_allowed(text, "a whole number from 1 to 9999")
    return int(text)


def _telemetry_path(text: str) -> str:
    if (
        not re.fullmatch("(/[A-Za-z0-9._~-]+)+", text)
        or text in {"/probe", "/sd"}
        or text.startswith(("/-/", "/databases/"))
    ):
        raise _not_allowed(text, "a path such as /metrics that no other endpoint has")
    return text


def _scrape_interval(text: str) -> float:
    from exporter.durations import parse_duration  # not for `--help`

    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if not seconds:
        raise _not_allowed(text, "a duration above zero, such as 15s or 1m")
    return seconds


def _not_allowed(found: str, allowed: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"found {found!r}, allowed: {allowed}")
