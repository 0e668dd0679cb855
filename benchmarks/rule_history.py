"""What the rules of a large fleet read: the exporters' metrics now, and what was recorded before.

Each recorded series reaches back as far as the longest range that a rule reads, and 14 days at most, with a
sample at each evaluation of its group.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TextIO

from msgspec import Struct

from exporter.durations import parse_duration

MINUTE: Final = 60.0
DAY: Final = 86_400.0
MOST: Final = 14 * DAY
COMPLIANCE: Final = "bycloud:objective_age:met"
EVERY_TEN_MINUTES: Final = {COMPLIANCE, "bycloud:compliance:tick_timestamp"}
"""Records that have a sample at some evaluations only."""
LEAST: Final = 15 * MINUTE
"""What a selector without a range reads, and two evaluations more."""
IDENTITY: Final = 'job="bycloud",target="production"'
OF_TARGETS: Final = (
    ("bycloud_up", 1.0),
    ("bycloud_scrape_deferred", 0.0),
    ("bycloud_scrape_walk_interval_seconds", 0.0),
    ("bycloud_scrape_backups", 70_000.0),
    ("bycloud_scrape_reported_backups", 70_000.0),
    ("bycloud_scrape_excluded_backups", 0.0),
    ("bycloud_scrape_malformed_backups", 0.0),
    ("bycloud_scrape_unknown_status_backups", 0.0),
    ('bycloud_scrape_failure{reason="auth"}', 0.0),
    ('bycloud_scrape_collector_success{collector="instances"}', 1.0),
)
SPARSE: Final[Mapping[str, tuple[int, int]]] = {
    "bycloud:last_attempt:failed": (10, 0),
    "bycloud:backup_running:due_timestamp": (20, 2),
    "bycloud:unrestorable:backups": (50, 1),
    "bycloud:objective_unmet:since_timestamp": (1, 1),
}
"""Records of few databases: a divisor of their numbers, and the remainder; nobody has the last one."""
RANGE: Final = re.compile(r"\b(bycloud:[a-z_:]+)\[(\w+)\]")
Rule = Mapping[str, Any]


class Fleet(Struct, frozen=True):
    """Databases with backups every day, of which every second one has had none for ten days.

    :param now: Unix seconds.
    """

    databases: int
    now: float

    def newest(self, number: int) -> float:
        """Return when a database was last backed up."""
        return self.now - (10 * DAY if number % 2 else DAY / 2)

    def served(self) -> str:
        """Return the exposition of one exporter."""
        target = (*OF_TARGETS, ("bycloud_last_success_timestamp_seconds", self.now))
        lines = [f"{name} {value!r}\n" for name, value in target]
        for number in range(self.databases):
            lines.extend(self._database(number))
        return "".join(lines)

    def _database(self, number: int) -> Iterator[str]:
        labels = f'datastore_type="mysql",instance_id="{identifier(number)}"'
        for name, value in self._values(number):
            yield f"bycloud_database_{name}{{{labels}}} {value!r}\n"
        completed = f'{labels},status="COMPLETED"'
        if _has("bycloud:unrestorable:backups", number):
            yield f'bycloud_database_unrestorable_backups{{{labels},reason="parent_failed"}} 1\n'
        yield f"bycloud_database_backups{{{completed}}} 14\n"
        yield f"bycloud_database_backup_newest_timestamp_seconds{{{completed}}} {self.newest(number)!r}\n"
        yield f"bycloud_database_backup_newest_duration_seconds{{{completed}}} 600\n"
        yield f'bycloud_database_instance_info{{{labels},instance_name="db-{number}"}} 1\n'
        yield f'bycloud_database_labels{{{labels},label_team="team-{number % 20}"}} 1\n'

    def _values(self, number: int) -> Iterator[tuple[str, float]]:
        newest = self.newest(number)
        yield "restorable_backups", 14.0
        yield "restorable_newest_timestamp_seconds", newest
        yield (
            "usable_newest_timestamp_seconds",
            newest + DAY * _has("bycloud:unrestorable:backups", number),
        )
        if _has("bycloud:backup_running:due_timestamp", number):
            yield "backup_running_oldest_timestamp_seconds", self.now - 600
        yield "restorable_oldest_timestamp_seconds", newest - 13 * DAY
        yield "restorable_largest_gap_seconds", self.now - newest
        yield "restorable_newest_chain_length", 7.0
        yield "restorable_newest_full_timestamp_seconds", newest - 6 * DAY
        yield "restorable_newest_full_size_bytes", 1e9 + number
        yield "backup_last_attempt_failed", float(_has("bycloud:last_attempt:failed", number))
        yield "backup_objective_age_seconds", 30 * 3600.0
        yield "backup_objective_duration_seconds", 6 * 3600.0
        yield "backup_objective_retention_seconds", 14 * DAY
        yield "backup_objective_gap_seconds", 2 * DAY
        yield "backup_objective_full_age_seconds", 8 * DAY
        yield "backup_objective_chain_length", 14.0


def _has(record: str, number: int) -> bool:
    """Return whether a database has a record."""
    divisor, remainder = SPARSE.get(record, (1, 0))
    return number % divisor == remainder


def identifier(number: int) -> str:
    """Return a database's id."""
    return f"00000000-0000-4000-8000-{number:012}"


class Recorded(Struct, frozen=True):
    """One recorded metric's past.

    :param interval: seconds between two evaluations of its group.
    :param reach: how far back a rule reads it, in seconds.
    """

    name: str
    is_of_database: bool
    interval: float
    reach: float

    def write(self, fleet: Fleet, out: TextIO) -> int:
        """Write the samples of every series as OpenMetrics; return their number."""
        count = int(self.reach / self.interval)
        times = [fleet.now - self.interval * step for step in range(count, 0, -1)]
        numbers = [n for n in range(fleet.databases if self.is_of_database else 1) if _has(self.name, n)]
        for number in numbers:
            series, value = self._series(number), self._value(fleet, number)
            out.write(
                "".join([f"{series} {value * (1 + n % 7 / 1e6)!r} {t:.0f}\n" for n, t in enumerate(times)])
            )
        return count * len(numbers)

    def _series(self, number: int) -> str:
        labels = IDENTITY + (f',instance_id="{identifier(number)}"' if self.is_of_database else "")
        if self.name.endswith((":name", ":labels")):
            labels += f',instance_name="db-{number}"'
        if self.name.endswith((":team", ":labels")):
            labels += f',team="team-{number % 20}"'
        return f"{self.name}{{{labels}}}"

    def _value(self, fleet: Fleet, number: int) -> float:
        if self.name == "bycloud:backup_running:due_timestamp":
            return fleet.now + 6 * 3600
        if self.name == "bycloud:last_attempt:failed":
            return 1.0
        if self.name.endswith(("timestamp", ":name", ":team")):
            return fleet.newest(number)
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
