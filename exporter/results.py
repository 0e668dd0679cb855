"""The frozen values that cross packages: results of walks, assessments and scrapes.

Times are Unix seconds, durations seconds and sizes bytes, unless a field states otherwise. `None` is a value
that is unknown or absent: it yields no sample.
"""

from collections.abc import Mapping
from typing import Generic, NamedTuple

from msgspec import Struct

from exporter.records import Record


class WalkResult(Struct, Generic[Record], frozen=True, kw_only=True):
    """Every record of a list, from one complete walk.

    :param records: by id; a repeated id has its newest copy.
    :param duplicates: how many records were repeated.
    :param malformed: how many records were skipped because they cannot be decoded.
    :param first_malformed: the position and the problem of the first one; `None` if there is none.
    :param reported: the last `meta.total`, the API's own count; `None` if it gave none.
    :param limit: the page size that the API applied; `None` if it is unknown.
    """

    records: Mapping[str, Record]
    duplicates: int
    malformed: int
    first_malformed: str | None
    reported: int | None
    limit: int | None

    @property
    def shortfall(self) -> int:
        """How many fewer records came, malformed ones included, than the API reports."""
        return max(0, (self.reported or 0) - len(self.records) - self.malformed)


class WalkStats(Struct, frozen=True):
    """What a walk cost, whether it succeeded or failed.

    :param seconds: how long it took.
    :param pages: how many pages it read.
    :param requests: how many requests it sent, retries included.
    """

    seconds: float
    pages: int
    requests: int


class GroupKey(NamedTuple):
    """The labels of the backup gauges, in their order."""

    status: str
    datastore_type: str
    instance_id: str


class GroupSummary(Struct, frozen=True):
    """The backups that share one `GroupKey`; there is at least one.

    :param count: number of backups.
    :param size_bytes: their total size; a backup without a size adds nothing.
    :param newest_timestamp: when the newest backup was created.
    :param oldest_timestamp: when the oldest backup was created.
    :param newest_size_bytes: of the newest backup; `None` if the API reports no size.
    :param newest_duration_seconds: how long the newest backup took; `None` if it has not finished.
    """

    key: GroupKey
    count: int
    size_bytes: float
    newest_timestamp: float
    oldest_timestamp: float
    newest_size_bytes: float | None
    newest_duration_seconds: float | None


class DatabaseAssessment(Struct, frozen=True, kw_only=True):
    """Whether one database can be restored, to what point in time, and which objective it has.

    :param datastore_type: such as `postgresql`; `unknown` if no source names it.
    :param instance_name: `None` if neither the API nor the configuration names the instance.
    :param datastore_version: such as `15.4`; `None` if the API's list of instances does not say.
    :param replica_of: the id of the instance that it replicates; `None` if it is not a replica.
    :param restorable: number of backups that can be restored.
    :param newest_timestamp: when the newest restorable backup was created; `None` without one.
    :param newest_chain_length: how many backups its restore reads: 1 is a full backup.
    :param newest_full_timestamp: when the newest restorable full backup was created; `None` without one.
    :param newest_full_size_bytes: its size; `None` if the API reports none.
    :param unrestorable: each reason why usable backups cannot be restored, with their number.
    :param running_oldest_timestamp: when the oldest running backup was created; `None` if none is running.
    :param last_attempt_failed: whether the newest finished attempt failed; `None` if none has finished.
    :param objective_age: how old the newest restorable backup may be, in seconds; `None`: no limit.
    :param objective_duration: how long a backup may run, in seconds; `None`: no limit.
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
    """All backups of one walk.

    :param groups: in the order of their keys.
    :param backups: number of distinct backups.
    :param unknown_statuses: each status that has no configured class, with its number of backups.
    :param largest_size: in the API's own unit, not in bytes; `None` if no backup has a size.
    """

    groups: tuple[GroupSummary, ...]
    backups: int
    unknown_statuses: tuple[tuple[str, int], ...]
    largest_size: float | None


class DataWarning(Struct, frozen=True):
    """Something in the data of a complete walk that is probably wrong.

    :param kind: a stable name for it.
    :param text: one printable line for people.
    """

    kind: str
    text: str


class Snapshot(Struct, frozen=True, kw_only=True):
    """The result of a complete walk.

    :param assessments: one for each known database.
    :param duplicates: how many records were repeated.
    :param malformed: how many records were skipped because they cannot be decoded.
    :param future: how many backups were created after `completed_at`.
    :param reported: the API's own count of backups; `None` if it reports none.
    :param completed_at: when the walk ended.
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
    """What one scrape reports about its target.

    :param up: whether the last finished walk was complete; false before the first.
    :param failure: the `Reason` why the last finished walk failed; `None` if it did not.
    :param deferred: whether this scrape started no walk because the API's budget did not allow it.
    :param snapshot: the last complete walk's result; `None` if there is none or it is too old to serve.
    :param last_success: when the last complete walk ended, even if its snapshot is too old to serve.
    :param last_walk: the cost of the last finished walk; `None` before the first.
    :param instances_ok: whether the last walk of the instances succeeded; `None` if they are not walked.
    """

    up: bool
    failure: str | None
    deferred: bool
    snapshot: Snapshot | None
    last_success: float | None
    last_walk: WalkStats | None
    instances_ok: bool | None = None


class BudgetState(Struct, frozen=True, kw_only=True):
    """How much of the API's rate limits is left.

    The minute's window is as the API reports it. The API reports no window of an hour: the exporter counts
    its own requests against its share of the hour. `…_limit` and `…_remaining` are numbers of requests.
    `…_reset`, in whole seconds, is when the minute's window ends or the oldest request leaves the hour's.
    `None`: unknown or unlimited.
    """

    minute_limit: int | None
    minute_remaining: int | None
    minute_reset: float | None
    hour_share: int | None
    hour_remaining: int | None
    hour_reset: float | None
