"""Histories for the dashboards' queries: targets and their databases over a day, in a real Prometheus."""

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.support.programs import need
from tests.support.real_prometheus import configured_prometheus

HOUR: Final = 3600.0
DAY: Final = 86400.0
END: Final = 1_800_014_400.0
"""Noon, in UTC."""
EVERY: Final = 120.0
BEGIN: Final = END - 26 * HOUR
Samples = Callable[[float], float | None]
"""A value at a time; `None`: no sample."""


def constant(value: float) -> Samples:
    """Return samples of one value."""
    return lambda _: value


class Database(Struct, frozen=True, kw_only=True):
    """What a target serves of a database.

    :param newest_age: the age of its newest restorable backup at `END`; without one it has no backup.
    :param running_age: the age of its running backup at `END`.
    :param ran_until: when its running backup ended.
    :param broken: its usable backups whose parent failed.
    :param waiting: its usable backups whose parent is running, until `waited_until`.
    :param duration: how long its backups may run, if it has an objective.
    :param more: further gauges, by their name.
    """

    id: str
    restorable: float = 10
    newest_age: float | None = HOUR
    objective: float | None = 30 * HOUR
    duration: float | None = 6 * HOUR
    more: Mapping[str, float] = {}
    running_age: float | None = None
    ran_until: float = END
    failed: float | None = 0
    broken: float = 0
    waiting: float = 0
    waited_until: float = END
    usable_age: float | None = None
    failures: Sequence[float] = ()
    team: str = ""
    datastore: str = "mysql"
    retention: float | None = None

    def facts(self) -> Iterator[tuple[str, Mapping[str, str], Samples]]:
        """Yield each metric's name, labels and samples."""
        served: Mapping[str, float | None] = {
            "restorable_backups": self.restorable if self.newest_age is not None else 0,
            "restorable_newest_timestamp_seconds": _before(self.newest_age),
            "restorable_oldest_timestamp_seconds": END - 7 * DAY if self.newest_age is not None else None,
            "usable_newest_timestamp_seconds": _before(self.usable_age or self.newest_age),
            "backup_objective_age_seconds": self.objective,
            "backup_objective_duration_seconds": self.duration if self.objective else None,
            "backup_objective_retention_seconds": self.retention,
            "backup_last_attempt_failed": self.failed if self.newest_age is not None else None,
            **self.more,
        }
        for name, value in served.items():
            if value is not None:
                yield name, {}, constant(value)
        yield "instance_info", {"instance_name": f"{self.id}-name"}, constant(1)
        yield from self._conditional()

    def _conditional(self) -> Iterator[tuple[str, Mapping[str, str], Samples]]:
        if self.running_age is not None:
            began, until = END - self.running_age, self.ran_until
            running: Samples = lambda time: began if began <= time <= until else None  # noqa: E731
            yield "backup_running_oldest_timestamp_seconds", {}, running
        if self.broken:
            yield "unrestorable_backups", {"reason": "parent_failed"}, constant(self.broken)
        if self.waiting:
            waits: Samples = lambda time: self.waiting if time <= self.waited_until else None  # noqa: E731
            yield "unrestorable_backups", {"reason": "parent_running"}, waits
        if self.team:
            yield "labels", {"label_team": self.team}, constant(1)
        if self.restorable and self.newest_age is not None:
            yield "backups", {"status": "COMPLETED"}, constant(self.restorable)
            yield "backups_size_bytes", {"status": "COMPLETED"}, constant(1e9)
        if self.failures:
            yield "backup_newest_timestamp_seconds", {"status": "FAILED"}, self._newest_failure

    def _newest_failure(self, time: float) -> float | None:
        return max((failure for failure in self.failures if failure <= time), default=None)


class Target(Struct, frozen=True, kw_only=True):
    """A target, as one replica of the exporter serves it.

    :param environment: a further label that tells accounts apart.
    :param read_until: when its last complete walk ended; before `BEGIN`: never.
    :param up_until: when the exporter was last scraped.
    :param known_from: when Prometheus first had the target.
    :param known_until: when Prometheus last had the target.
    :param stale_after: how long facts are served after the last complete walk.
    :param walk_interval: the time between walks.
    """

    cluster: str
    environment: str = ""
    namespace: str = "backups"
    job: str = "bycloud-backups"
    name: str = "a"
    instance: str = "one:10140"
    databases: Sequence[Database] = ()
    read_until: float = END
    up_until: float = END
    known_from: float = BEGIN
    known_until: float = END
    stale_after: float = 0
    walk_interval: float = 0
    every: float = EVERY
    phase: float = 0
    clock_ahead: float = 0

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of the scrape, of which an empty one is absent."""
        labels = {"cluster": self.cluster, "namespace": self.namespace, "job": self.job, "target": self.name}
        own = {**labels, "environment": self.environment, "instance": self.instance}
        return {name: value for name, value in own.items() if value}

    def lines(self) -> Iterator[str]:
        """Yield every sample."""
        time = self.known_from + self.phase
        while time <= min(END, self.known_until):
            yield from self._scrape(time)
            time += self.every

    def _scrape(self, time: float) -> Iterator[str]:
        up = time <= self.up_until
        yield self._line("up", {}, float(up), time)
        if not up:
            return
        read = time <= self.read_until
        yield self._line("bycloud_up", {}, float(read), time)
        if self.read_until >= BEGIN:
            success = min(time, self.read_until) + self.clock_ahead
            yield self._line("bycloud_last_success_timestamp_seconds", {}, success, time)
        yield self._line("bycloud_scrape_walk_interval_seconds", {}, self.walk_interval, time)
        if time <= self.read_until + self.stale_after:
            yield from self._facts(time)

    def _facts(self, time: float) -> Iterator[str]:
        yield self._line("bycloud_scrape_backups", {}, 10.0, time)
        for database in self.databases:
            own = {"instance_id": database.id, "datastore_type": database.datastore}
            for name, labels, samples in database.facts():
                if (value := samples(time)) is not None:
                    yield self._line(f"bycloud_database_{name}", {**own, **labels}, value, time)

    def _line(self, name: str, labels: Mapping[str, str], value: float, time: float) -> str:
        return line(name, {**self.labels, **labels}, value, time)


def line(name: str, labels: Mapping[str, str], value: float, time: float) -> str:
    """Return one sample as OpenMetrics."""
    written = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"{name}{{{written}}} {value!r} {time}\n"


@contextmanager
def served_history(targets: Sequence[Target], more: Sequence[str], folder: Path) -> Iterator[str]:
    """Run a Prometheus that has the histories, and further lines; yield its URL."""
    _write_blocks(targets, more, folder)
    with configured_prometheus("", folder, "--storage.tsdb.retention.time=100y") as prometheus:
        yield prometheus.url


def _write_blocks(targets: Sequence[Target], more: Sequence[str], folder: Path) -> None:
    text = folder / "history.om"
    with text.open("w", encoding="utf-8") as out:
        for target in targets:
            out.writelines(target.lines())
        out.writelines(more)
        out.write("# EOF\n")
    command = [need("promtool"), "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=216h"]
    subprocess.run([*command, "--quiet", text, folder / "data"], check=True)


def _before(age: float | None) -> float | None:
    return None if age is None else END - age
