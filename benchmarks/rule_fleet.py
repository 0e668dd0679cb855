"""A large fleet of databases, as the exporter serves it to the rules' benchmark."""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

DAY: Final = 86_400.0
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
        if has_record("bycloud:unrestorable:backups", number):
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
            newest + DAY * has_record("bycloud:unrestorable:backups", number),
        )
        if has_record("bycloud:backup_running:due_timestamp", number):
            yield "backup_running_oldest_timestamp_seconds", self.now - 600
        yield "restorable_oldest_timestamp_seconds", newest - 13 * DAY
        yield "restorable_largest_gap_seconds", self.now - newest
        yield "restorable_newest_chain_length", 7.0
        yield "restorable_newest_full_timestamp_seconds", newest - 6 * DAY
        yield "restorable_newest_full_size_bytes", 1e9 + number
        yield "backup_last_attempt_failed", float(has_record("bycloud:last_attempt:failed", number))
        yield "backup_objective_age_seconds", 30 * 3600.0
        yield "backup_objective_duration_seconds", 6 * 3600.0
        yield "backup_objective_retention_seconds", 14 * DAY
        yield "backup_objective_gap_seconds", 2 * DAY
        yield "backup_objective_full_age_seconds", 8 * DAY
        yield "backup_objective_chain_length", 14.0


def has_record(record: str, number: int) -> bool:
    """Return whether a database has a record."""
    divisor, remainder = SPARSE.get(record, (1, 0))
    return number % divisor == remainder


def identifier(number: int) -> str:
    """Return a database's id."""
    return f"00000000-0000-4000-8000-{number:012}"
