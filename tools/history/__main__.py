"""`python -m tools.history FOLDER`: write a history and serve it until Ctrl-C."""

import logging
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from tests.support.programs import require
from tools.history.blocks import Period, load_rules, load_scrapes
from tools.history.fleets import fleet
from tools.history.serving import Folder

STEPS: Final = ((10, 600.0), (50, 1800.0))
"""Seconds between scrapes, up to a number of databases."""
LARGE_STEP: Final = 3600.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the history and serve it."""
    options = _parser().parse_args(arguments)
    require("promtool", "prometheus")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    period = _period(options)
    folder = Folder(options.folder, period.step)
    began = time.monotonic()
    databases = fleet(options.databases, period.end)
    load_scrapes(databases, period, folder, ongoing_outage=options.outage)
    load_rules(period, folder)
    _announce(options, period, time.monotonic() - began)
    with folder.serve(options.port) as prometheus:
        _wait(prometheus)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m tools.history", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder for the data")
    parser.add_argument("--port", type=int, default=19_090, help="port of Prometheus (default: 19090)")
    parser.add_argument("--days", type=float, default=31.0, help="days up to now (default: 31)")
    parser.add_argument("--databases", type=int, default=25, help="number of databases (default: 25)")
    parser.add_argument("--step", type=float, help="seconds between scrapes (default: by the number)")
    parser.add_argument("--outage", action="store_true", help="let the API fail for the last hour and a half")
    return parser


def _period(options: Namespace) -> Period:
    fitting = (step for number, step in STEPS if options.databases <= number)
    step = options.step or next(fitting, LARGE_STEP)
    return Period(time.time() // step * step, options.days, step)


def _announce(options: Namespace, period: Period, seconds: float) -> None:
    end = datetime.fromtimestamp(period.end, UTC)
    sys.stdout.write(
        f"{options.databases} databases, {period.days:g} days until {end:%Y-%m-%d %H:%M} UTC, a scrape every"
        f" {period.step / 60:g} min; it took {seconds:.0f} s\nPrometheus: http://127.0.0.1:{options.port}/\n"
    )
    sys.stdout.flush()


def _wait(prometheus: subprocess.Popen[bytes]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: prometheus.terminate())
    try:
        prometheus.wait()
    except KeyboardInterrupt:
        prometheus.terminate()


if __name__ == "__main__":
    main()
