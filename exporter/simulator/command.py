"""Runs the simulated API as a process, for demos and benchmarks."""

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import get_args

from exporter.simulator.fleet.bulk import bulk_backups, bulk_instances
from exporter.simulator.fleet.fleet import Fleet
from exporter.simulator.quirks import Quirks
from exporter.simulator.ratelimit import Tier
from exporter.simulator.server import SimulatedApi

_STOP = (signal.SIGINT, signal.SIGTERM)


def main(
    arguments: Sequence[str] | None = None, wait: Callable[[], object] = lambda: signal.sigwait(_STOP)
) -> None:
    """Print the API's URL on a line and serve until `wait` returns (by default: SIGINT or SIGTERM)."""
    options = _parser().parse_args(arguments)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    try:
        with _api(options) as api:
            sys.stdout.write(f"{api.url}\n")
            sys.stdout.flush()
            wait()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m exporter.simulator", description=__doc__)
    parser.add_argument(
        "--backups",
        type=int,
        help="number of backups, which never change (default: a fleet that makes backups)",
    )
    parser.add_argument(
        "--instances", type=int, default=100, help="number of instances with --backups (default: 100)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the random choices (default: 1)")
    parser.add_argument("--max-limit", type=int, help="largest page size (default: unlimited)")
    parser.add_argument(
        "--latency", type=float, default=0.0, help="seconds before each response (default: 0)"
    )
    parser.add_argument(
        "--tier", choices=get_args(Tier), default="unlimited", help="rate limits (default: unlimited)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--request-log", action="store_true", help="keep every request in memory")
    return parser


def _api(options: Namespace) -> SimulatedApi:
    fleet = Fleet(options.seed)
    is_fleet = options.backups is None
    return SimulatedApi(
        backups=(lambda: fleet.backups(datetime.now(UTC)))
        if is_fleet
        else bulk_backups(options.backups, options.instances, options.seed),
        instances=(lambda: fleet.instances(datetime.now(UTC)))
        if is_fleet
        else bulk_instances(options.instances, options.seed),
        quirks=Quirks(max_limit=options.max_limit),
        tier=options.tier,
        latency=options.latency,
        host=options.host,
        port=options.port,
        request_log=options.request_log,
    )
