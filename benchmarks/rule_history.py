"""What the rules of a large fleet have recorded before.

Each recorded series reaches back as far as the longest range that a rule reads, and 14 days at most, with a
sample at each evaluation of its group.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TextIO

from msgspec import Struct

from benchmarks.remote_write import NAME, Series
from benchmarks.rule_fleet import DAY, Fleet, has_record, identifier
from exporter.durations import parse_duration

MINUTE: Final = 60.0
HEAD: Final = 130 * MINUTE
"""What Prometheus has in memory at least, two hours, and a bit more: it compacts three."""
MOST: Final = 14 * DAY
COMPLIANCE: Final = "bycloud:objective_age:met"
EVERY_TEN_MINUTES: Final = {COMPLIANCE, "bycloud:compliance:tick_timestamp"}
"""Records that have a sample at some evaluations only."""
LEAST: Final = 15 * MINUTE
"""What a selector without a range reads, and two evaluations more."""
RANGE: Final = re.compile(r"\b(bycloud:[a-z_:]+)\[(\w+)\]")
Rule = Mapping[str, Any]


class Recorded(Struct, frozen=True):
    """One recorded metric's past.

    :param interval: seconds between two evaluations of its group.
    :param reach: how far back a rule reads it, in seconds.
    """

    name: str
    is_of_database: bool
    interval: float
    reach: float

    def backfill(self, fleet: Fleet, out: TextIO) -> int:
        """Write as OpenMetrics what is older than `HEAD`; return the number of samples."""
        samples = 0
        for series in self.series(fleet, -self.reach, -HEAD):
            labels = ",".join(f'{label}="{value}"' for label, value in series.labels.items() if label != NAME)
            lines = (f"{self.name}{{{labels}}} {value!r} {time:.0f}\n" for value, time in series.samples)
            out.write("".join(lines))
            samples += len(series.samples)
        return samples

    def series(self, fleet: Fleet, begin: float, end: float) -> Iterator[Series]:
        """Yield every series, with its samples of a period.

        :param begin: seconds from the fleet's time on, as `end`, which is excluded.
        """
        count = int(min(self.reach, -begin) / self.interval)
        steps = [step for step in range(count, 0, -1) if -step * self.interval < end]
        times = [(1 + step % 7 / 1e6, fleet.now - self.interval * step) for step in steps]
        numbers = range(fleet.databases if self.is_of_database else 1)
        for number in numbers if times else ():
            if has_record(self.name, number):
                value = self._value(fleet, number)
                yield Series(self._labels(number), [(value * factor, time) for factor, time in times])

    def _labels(self, number: int) -> Mapping[str, str]:
        labels = {NAME: self.name, "job": "bycloud", "target": "production"}
        if self.is_of_database:
            labels["instance_id"] = identifier(number)
        if self.name.endswith((":name", ":labels")):
            labels["instance_name"] = f"db-{number}"
        if self.name.endswith((":team", ":labels")):
            labels["team"] = f"team-{number % 20}"
        return labels

    def _value(self, fleet: Fleet, number: int) -> float:
        if self.name == "bycloud:backup_running:due_timestamp":
            return fleet.now + 6 * 3600
        if self.name == "bycloud:last_attempt:failed":
            return 1.0
        if self.name.endswith(("timestamp", ":name", ":team")):
            return fleet.newest(number)
        if self.name.endswith(":labels"):
            return 0.0
        if self.name == COMPLIANCE:
            return float(number % 2 == 0)
        return {"bytes": 1e9, "seconds": 3600.0}.get(self.name.rpartition(":")[2], 14.0)


def recorded(groups: Iterable[Mapping[str, Any]]) -> Iterator[Recorded]:
    """Yield what the groups of rules record, with the past that their rules read."""
    pairs = [(group, rule) for group in groups for rule in group["rules"]]
    reaches: dict[str, float] = {}
    for _, rule in pairs:
        for name, window in RANGE.findall(rule["expr"]):
            reaches[name] = max(reaches.get(name, LEAST), min(parse_duration(window), MOST))
    for group, rule in pairs:
        if "record" in rule:
            yield Recorded(
                name=rule["record"],
                is_of_database="instance_id" in rule["expr"],
                interval=_interval(group, rule),
                reach=reaches.get(rule["record"], LEAST),
            )


def _interval(group: Rule, rule: Rule) -> float:
    """Return the seconds between two samples of a record."""
    return 10 * MINUTE if rule["record"] in EVERY_TEN_MINUTES else parse_duration(group.get("interval", "1m"))
