"""Fills a real Prometheus with eight days of the demo: `python -m tools.history FOLDER`, or `make history`.

The exporter scrapes the simulated API under a clock that jumps from scrape to scrape. The samples become an
OpenMetrics file, promtool makes blocks of it, and Prometheus serves them.
"""

import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final, TextIO

from msgspec import Struct
from prometheus_client import Metric

from exporter.app.exporter import Exporter
from exporter.clock import Clock
from exporter.config import Config, Secret, Target, Url
from exporter.metrics.families import families
from exporter.metrics.own import ReloadCollector, own_collectors
from exporter.records import Backup, Instance
from exporter.simulator import Fleet, bulk_backups, bulk_instances
from tests.support.faults import CannedReply, FaultyApi
from tests.support.programs import need, require

DAY: Final = 86_400.0
EVERY: Final = 240.0  # seconds between scrapes: less than Prometheus's lookback of five minutes
NIGHT: Final = (1.0, 4.6)  # hours of the day before yesterday, in UTC, at which the API returns 503
KEY: Final = "demo:demo-secret"
LABELS: Final = 'job="bycloud-backups",instance="localhost:10140"'


class JumpingClock(Clock):
    """Time jumps to each scrape; in between it passes as usual, but sleeping is shortened."""

    def __init__(self, start: float) -> None:
        self._jumped_to = start
        self._jumped_at = time.monotonic()

    def jump(self, moment: float) -> None:
        """Jump to a Unix time."""
        self._jumped_to, self._jumped_at = moment, time.monotonic()

    def now(self) -> float:
        """Return Unix time."""
        return self._jumped_to + time.monotonic() - self._jumped_at

    def monotonic(self) -> float:
        """Return the same: it never jumps backwards."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Sleep for a twentieth; jumping instead would look like a slow request to other threads."""
        time.sleep(seconds / 20)


class Organization(Struct, frozen=True):
    """The backups and instances at any time."""

    backups: Callable[[datetime], tuple[Backup, ...]]
    instances: Callable[[datetime], tuple[Instance, ...]]


class History:
    """Scrapes at past times, written as OpenMetrics."""

    def __init__(self, organization: Organization, end: float, days: float) -> None:
        self._end = end
        self._start = end - days * DAY
        self._clock = JumpingClock(self._start)
        self._api = FaultyApi(
            backups=lambda: organization.backups(self._moment()),
            instances=lambda: organization.instances(self._moment()),
            tier="enterprise",
            api_key=KEY,
            clock=self._clock.now,
            request_log=False,
        )
        target = Target(name="default", url=Url(self._api.url), api_key=Secret(KEY), size_unit="GiB")
        self._exporter = Exporter(Config(targets=(target,)), clock=self._clock)
        targets = self._exporter.targets
        self._own = own_collectors(
            self._exporter.own_metrics,
            lambda: {name: runtime.api.budget.state for name, runtime in targets.items()},
            ReloadCollector(self._start),
        )

    def write(self, out: TextIO) -> None:
        """Write every scrape."""
        moment = self._start
        while moment <= self._end:
            self._clock.jump(moment)
            self._set_outage(moment)
            out.writelines(self._scrape(moment))
            moment += EVERY
        out.write("# EOF\n")

    def close(self) -> None:
        """Stop the exporter and the API."""
        self._exporter.close()
        self._api.close()

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    def _set_outage(self, moment: float) -> None:
        begin, end = (self._end // DAY * DAY - 2 * DAY + hour * 3600 for hour in NIGHT)
        self._api.faults.clear()
        if begin <= moment < end:
            self._api.faults.add(CannedReply(503, {}), times=None)

    def _scrape(self, moment: float) -> Iterator[str]:
        result = self._exporter.scrapers["default"].scrape(30.0)
        own = chain.from_iterable(collector.collect() for collector in self._own)
        yield _line("up", "", 1.0, moment)
        yield from _lines(chain(families(result, self._clock.now()), own), moment)


def _lines(found: Iterable[Metric], moment: float) -> Iterator[str]:
    for family in found:
        for sample in family.samples:
            labels = "".join(f',{name}="{value}"' for name, value in sample.labels.items())
            yield _line(sample.name, labels, sample.value, moment)


def _line(name: str, labels: str, value: float, moment: float) -> str:
    return f"{name}{{{LABELS}{labels}}} {float(value)!r} {moment:.3f}\n"


def fleet(only: int | None) -> Organization:
    """Return the demo's databases, at most `only`: first three that are ailing, then healthy ones."""
    whole = Fleet()
    chosen = [*(ailing.instance_id for ailing in whole.ailments[:3]), *whole.healthy][:only]

    def backups(now: datetime) -> tuple[Backup, ...]:
        return tuple(b for b in whole.backups(now) if only is None or b.instance_id in chosen)

    def instances(now: datetime) -> tuple[Instance, ...]:
        return tuple(i for i in whole.instances(now) if only is None or i.id in chosen)

    return Organization(backups, instances)


def large_fleet(number: int, end: float) -> Organization:
    """Return `number` databases with 14 days of backups each."""
    last = datetime.fromtimestamp(end, UTC)
    every = bulk_backups(number * 84, number, until=last)
    listed = bulk_instances(number)

    def backups(now: datetime) -> tuple[Backup, ...]:
        return tuple(b for b in every if b.updated_at and b.updated_at <= now)

    return Organization(backups, lambda _: listed)


def blocks(organization: Organization, folder: Path, end: float, days: float) -> Path:
    """Write the history into a Prometheus data folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = folder / "history.om"
    history = History(organization, end, days)
    try:
        with text.open("w", encoding="utf-8") as out:
            history.write(out)
    finally:
        history.close()
    command = [need("promtool"), "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=216h"]
    subprocess.run([*command, "--quiet", text, folder / "data"], check=True)
    text.unlink()
    return folder / "data"


def serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start Prometheus on the data, with the alert rules."""
    config = folder / "prometheus.yml"
    rules = Path(__file__).parents[1] / "alerts" / "bycloud-backups.rules.yml"
    config.write_text(f"rule_files: ['{rules}']\n", encoding="utf-8")
    return subprocess.Popen(
        [
            need("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=1y",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the history and serve it until Ctrl-C."""
    parser = ArgumentParser(prog="python -m tools.history", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder for the data")
    parser.add_argument("--port", type=int, default=19_090, help="port of Prometheus (default: 19090)")
    parser.add_argument("--days", type=float, default=8.0, help="days up to now (default: 8)")
    parser.add_argument("--databases", type=int, help="number of databases (default: the demo's two dozen)")
    options = parser.parse_args(arguments)
    require("promtool", "prometheus")
    end = time.time() // EVERY * EVERY
    number = options.databases
    large = number is not None and number > len(Fleet().healthy)
    organization = large_fleet(number, end) if large else fleet(number)
    blocks(organization, options.folder, end, options.days)
    sys.stdout.write(f"Prometheus with {options.days:g} days until {datetime.fromtimestamp(end, UTC)}: ")
    sys.stdout.write(f"http://127.0.0.1:{options.port}/\n")
    sys.stdout.flush()
    with serve(options.folder, options.port) as prometheus:
        signal.signal(signal.SIGTERM, lambda *_: prometheus.terminate())
        try:
            prometheus.wait()
        except KeyboardInterrupt:
            prometheus.terminate()


if __name__ == "__main__":
    main()
