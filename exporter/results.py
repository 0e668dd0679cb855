"""The frozen values that cross packages: what a walk, an assessment and a scrape result in."""

from collections.abc import Mapping
from typing import Generic, NamedTuple

from msgspec import Struct

from exporter.records import Record


class WalkResult(Struct, Generic[Record], frozen=True, kw_only=True):
    """Every record of a list, by its id.

    `reported` is the last `meta.total`, `limit` the page size in force, `first_malformed` says where the
    first of the malformed records stood and what was wrong with it.
    """

    records: Mapping[str, Record]
    duplicates: int
    malformed: int
    first_malformed: str | None
    reported: int | None
    limit: int | None

    @property
    def shortfall(self) -> int:
        """How many fewer records came, malformed ones counted, than the API reports."""
        return max(0, (self.reported or 0) - len(self.records) - self.malformed)


class WalkStats(Struct, frozen=True):
    """What a walk cost, whether it failed or not."""

    seconds: float
    pages: int
    requests: int


class GroupKey(NamedTuple):
    """The labels of the backup gauges, in their order."""

    status: str
    datastore_type: str
    instance_id: str


class GroupSummary(Struct, frozen=True):
    """The backups of one `GroupKey`, summed up. Times are Unix seconds, sizes bytes."""

    key: GroupKey
    count: int
    size_bytes: float
    newest_timestamp: float
    oldest_timestamp: float
    newest_size_bytes: float | None
    newest_duration_seconds: float | None


class DatabaseAssessment(Struct, frozen=True, kw_only=True):
    """Whether one instance's database can be restored, and what is asked of it.

    Times are Unix seconds, durations seconds, sizes bytes. `restorable` counts backups; the `newest_…` facts
    speak of the newest of them. `unrestorable` has each reason that there is, with a count. An objective of
    `None` is none.
    """

    instance_id: str
    datastore_type: str
    instance_name: str | None = None
    datastore_version: str | None = None
    replica_of: str | None = None
    restorable: int = 0
    newest_timestamp: float | None = None
    newest_chain_length: int | None = None
    newest_full_timestamp: float | None = None
    newest_full_size_bytes: float | None = None
    unrestorable: tuple[tuple[str, int], ...] = ()
    running_oldest_timestamp: float | None = None
    last_attempt_failed: bool | None = None
    objective_age: float | None = None
    objective_duration: float | None = None


class Summary(Struct, frozen=True):
    """All backups of one walk, summed up; `largest_size` is in the API's own unit, not in bytes."""

    groups: tuple[GroupSummary, ...]
    backups: int
    unknown_statuses: tuple[tuple[str, int], ...]
    largest_size: float | None


class DataWarning(Struct, frozen=True):
    """Something that looks wrong although the walk is complete: a stable `kind`, and a `text` for people."""

    kind: str
    text: str


class Snapshot(Struct, frozen=True, kw_only=True):
    """The result of a complete walk, which ended at `completed_at` (Unix seconds).

    `future` counts the backups that were created later than that.
    """

    summary: Summary
    assessments: tuple[DatabaseAssessment, ...] = ()
    duplicates: int
    malformed: int
    future: int = 0
    reported: int | None
    completed_at: float
    data_warnings: tuple[DataWarning, ...] = ()


class ScrapeResult(Struct, frozen=True, kw_only=True):
    """What one scrape may say of its target.

    `snapshot` is what may still be served, `last_success` the time of the last complete walk even where it
    may not. `failure` is a `Reason`; `up` and `last_walk` speak of the last walk that ended, `deferred` of
    this scrape, `instances_ok` of the last walk of the instances' list (`None`: that one is off).
    """

    up: bool
    failure: str | None
    deferred: bool
    snapshot: Snapshot | None
    last_success: float | None
    last_walk: WalkStats | None
    instances_ok: bool | None = None


class BudgetState(Struct, frozen=True, kw_only=True):
    """How much of the API's rate limits is left, for metrics and pages.

    The minute's window is as the API reports it. The hour's window is counted by the exporter, for its own
    share: the API does not report it. `…_limit` and `…_remaining` count requests; `…_reset` is the time at
    which the window ends or the first request leaves it (whole Unix seconds). `None`: unknown or unlimited.
    """

    minute_limit: int | None
    minute_remaining: int | None
    minute_reset: float | None
    hour_limit: int | None
    hour_remaining: int | None
    hour_reset: float | None
