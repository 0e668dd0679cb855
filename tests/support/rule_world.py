"""A world for rule tests: exporters, their accounts and databases over time, as promtool's input series.

Times are seconds since the beginning. A value may be a number or a function of the time; `None`: no sample.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from msgspec import Struct, field

T = TypeVar("T")
Value = float | None
Timed = Callable[[float], Value]
MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86400.0
OBJECTIVE: Final = 30 * HOUR


class Pace(Struct, frozen=True):
    """How often Prometheus scrapes and evaluates, in seconds.

    :param step: divides the interval and the phase of scrapes.
    :param phase: when the first scrape happens.
    """

    name: str
    step: int
    scrape: int
    evaluation: int
    phase: int = 0


FAST: Final = Pace("15s", 15, 15, 15)
USUAL: Final = Pace("1m", 60, 60, 60)
SLOW: Final = Pace("10m", 60, 600, 600, phase=420)
RARELY_EVALUATED: Final = Pace("10m of scrapes 1m apart", 60, 60, 600)
"""Each evaluation finds samples that are three minutes old."""
BLIND: Final = Pace("10m-blind", 60, 600, 600, phase=120)
"""Each evaluation finds samples that are eight minutes old, which no instant selector sees."""

HOURLY: Final = Pace("1h", 600, 600, 3600)
"""For comparisons over days: fewer evaluations."""


def always(_: float) -> bool:
    """Return true at any time."""
    return True


def never(_: float) -> bool:
    """Return false at any time."""
    return False


def until(end: float) -> Callable[[float], bool]:
    """Return what is true before `end`."""
    return lambda time: time < end


def since(begin: float) -> Callable[[float], bool]:
    """Return what is true from `begin` on."""
    return lambda time: time >= begin


def except_during(begin: float, end: float) -> Callable[[float], bool]:
    """Return what is false in a period."""
    return lambda time: not begin <= time < end


def steps(first: Value, *later: tuple[float, Value]) -> Timed:
    """Return a value that changes at the given times."""

    def at(time: float) -> Value:
        passed = [value for begin, value in later if time >= begin]
        return passed[-1] if passed else first

    return at


class Database(Struct, kw_only=True):
    """One database as its exporter serves it, healthy by default.

    :param exists: whether the exporter knows it.
    :param gauges: further gauges, by name without `bycloud_database_`, perhaps with labels in braces.
    """

    id: str = "db1"
    name: str | Callable[[float], str] = "orders-db"
    team: str | Callable[[float], str] | None = None
    type: str | Callable[[float], str] = "postgresql"
    exists: Callable[[float], bool] = always
    objective: float | Timed | None = OBJECTIVE
    duration: float | Timed | None = 6 * HOUR
    restorable: float | Timed | None = 8
    newest: float | Timed | None = lambda time: time - HOUR
    usable: float | Timed | None = None
    failed: float | Timed | None = 0
    running: float | Timed | None = None
    gauges: Mapping[str, float | Timed] = field(default_factory=dict)

    def facts(self, time: float) -> Iterator[tuple[str, str, float]]:
        """Yield each sample as name, labels and value."""
        if not self.exists(time):
            return
        usable = self.newest if self.usable is None else self.usable
        kind = _at(self.type, time)
        values: dict[str, float | Timed | None] = {
            "restorable_backups": self.restorable,
            "restorable_newest_timestamp_seconds": self.newest,
            "usable_newest_timestamp_seconds": usable,
            "backup_objective_age_seconds": self.objective,
            "backup_objective_duration_seconds": self.duration,
            "backup_last_attempt_failed": self.failed,
            "backup_running_oldest_timestamp_seconds": self.running,
            'backups{status="COMPLETED"}': self.restorable,
            **self.gauges,
        }
        for key, value in values.items():
            number = value_at(value, time)
            if number is not None and not (key.startswith("backups{") and number == 0):
                name, _, more = key.partition("{")
                labels = f'instance_id="{self.id}",datastore_type="{kind}"' + (more and f",{more[:-1]}")
                yield f"bycloud_database_{name}", labels, number
        yield (
            "bycloud_database_instance_info",
            f'instance_id="{self.id}",datastore_type="{kind}",instance_name="{_at(self.name, time)}"',
            1,
        )
        if self.team is not None:
            team = _at(self.team, time)
            labels = f'instance_id="{self.id}",datastore_type="{kind}",label_team="{team}"'
            yield "bycloud_database_labels", labels, 1


class Exporter(Struct, kw_only=True):
    """One replica of an exporter, as Prometheus scrapes it for one target.

    :param exists: whether Prometheus is configured to scrape it.
    :param answers: whether scrapes succeed.
    :param serves: whether it serves the target at all; if not, only `up`.
    :param walks: whether walks of the API succeed.
    :param starts: when it starts again, without its last snapshot.
    :param clock: by how much its clock is off.
    :param pace: seconds between walks.
    :param failure: the reason why walks fail.
    :param gauges: further gauges, perhaps with labels in braces, by full name; in any state of the API.
    """

    databases: Sequence[Database] = ()
    job: str = "bycloud"
    instance: str = "a:1"
    labels: str = ""
    exists: Callable[[float], bool] = always
    answers: Callable[[float], bool] = always
    serves: Callable[[float], bool] = always
    walks: Callable[[float], bool] = always
    starts: Sequence[float] = ()
    stale_after: float = 5 * MINUTE
    clock: float = 0
    pace: float = 0
    deferred: bool = False
    failure: str = "server_error"
    backups: float | Timed = 9
    gauges: Mapping[str, float | Timed] = field(default_factory=dict)

    def samples(self, times: Sequence[float]) -> Iterator[tuple[str, float, float]]:
        """Yield each sample as series, time and value."""
        success: float | None = None
        started = 0.0
        for time in times:
            if any(started < start <= time for start in self.starts):
                success, started = None, time
            walked_before = success is not None and time - success < self.pace
            if self.serves(time) and self.walks(time) and not walked_before:
                success = time
            if not self.exists(time):
                continue
            yield self._series("up"), time, float(self.answers(time))
            if self.answers(time):
                for name, labels, value in self._served(time, success):
                    yield self._series(name, labels), time, value

    def _served(self, time: float, success: float | None) -> Iterator[tuple[str, str, float]]:
        for key, value in self.gauges.items():
            name, _, labels = key.partition("{")
            number = value_at(value, time)
            if number is not None:
                yield name, labels[:-1], number
        if not self.serves(time):
            return
        is_up = success is not None and self.walks(time)
        yield "bycloud_up", "", float(is_up)
        for reason in ("auth", "rate_limited", "server_error"):
            yield "bycloud_scrape_failure", f'reason="{reason}"', float(not is_up and reason == self.failure)
        yield "bycloud_scrape_deferred", "", float(self.deferred and success != time)
        if self.pace:
            yield "bycloud_scrape_walk_interval_seconds", "", self.pace
        if success is None:
            return
        yield "bycloud_last_success_timestamp_seconds", "", success + self.clock
        if is_up or time - success <= self.stale_after:
            yield from self._counted(success)
            for database in self.databases:
                yield from database.facts(success)

    def _counted(self, success: float) -> Iterator[tuple[str, str, float]]:
        backups = value_at(self.backups, success)
        if backups is not None:
            yield "bycloud_scrape_backups", "", backups
            if "bycloud_scrape_stored_backups" not in self.gauges:
                yield "bycloud_scrape_stored_backups", "", backups

    def _series(self, name: str, labels: str = "") -> str:
        own = f'job="{self.job}",instance="{self.instance}"'
        return f"{name}{{{','.join(filter(None, (own, self.labels, labels)))}}}"


def value_at(value: float | Timed | None, time: float) -> Value:
    """Return a number, or what a function gives for the time."""
    return value(time) if callable(value) else value


def _at(value: T | Callable[[float], T], time: float) -> T:
    return value(time) if callable(value) else value


def input_series(exporters: Sequence[Exporter], pace: Pace, seconds: float) -> list[dict[str, str]]:
    """Return promtool's `input_series`."""
    times = range(pace.phase, int(seconds) + 1, pace.scrape)
    samples: defaultdict[str, dict[float, float]] = defaultdict(dict)
    for exporter in exporters:
        for series, time, value in exporter.samples(times):
            samples[series][time] = value
    slots = range(0, int(seconds) + 1, pace.step)
    scraped = set(times)
    return [
        {"series": series, "values": _notation(values, slots, scraped)} for series, values in samples.items()
    ]


def _notation(values: Mapping[float, float], slots: range, scraped: set[int]) -> str:
    """Return promtool's notation; a series that a scrape no longer has gets a stale marker."""
    cells: list[str] = []
    is_live = False
    for time in slots:
        if time in values:
            cells.append(f"{values[time]:.10g}")
            is_live = True
        elif time in scraped and is_live:
            cells.append("stale")
            is_live = False
        else:
            cells.append("_")
    return " ".join(_compressed(cells))


def _compressed(cells: Sequence[str]) -> Iterator[str]:
    previous, count = None, 0
    for cell in [*cells, None]:
        if cell == previous:
            count += 1
            continue
        if previous is not None:
            yield from _repeated(previous, count)
        previous, count = cell, 1


def _repeated(cell: str, count: int) -> Iterator[str]:
    if count == 1 or cell == "stale":
        yield from (cell,) * count
    else:
        yield f"_x{count}" if cell == "_" else f"{cell}x{count - 1}"
