"""The frozen values that travel between the layers.

`Backup` and `Instance` are spelled as the API spells them, so that msgspec fills them straight from the
bytes; whatever else the API says is known to `decode` alone.
"""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Generic, NamedTuple, TypeVar

from msgspec import Meta, Struct

Identifier = Annotated[str, Meta(min_length=1)]
Instant = Annotated[datetime, Meta(tz=True)]
"""An aware moment. Its offset is kept: year 1 at +05:00 has no UTC form, yet compares and subtracts well."""

Size = Annotated[float, Meta(ge=0, le=sys.float_info.max)]


class Datastore(Struct, frozen=True, gc=False):
    """What a database runs on: `type` as in `postgresql`, `version` as in `15.4`."""

    type: str | None = None
    version: str | None = None


class Backup(Struct, frozen=True, gc=False):
    """One backup. `size` is in the unit that the configuration says; the vendor documents none."""

    id: Identifier
    status: Identifier
    created_at: Instant
    updated_at: Instant | None = None
    instance_id: str | None = None
    parent_id: str | None = None
    size: Size | None = None
    datastore: Datastore | None = None


class Reference(Struct, frozen=True, gc=False):
    """A pointer to another resource of the API."""

    id: str | None = None


class Instance(Struct, frozen=True, gc=False):
    """One database instance. An empty text means the same as none; its `status` is of no interest."""

    id: Identifier
    name: str | None = None
    datastore: Datastore | None = None
    replica_of: Reference | None = None
    updated_at: Instant | None = None


Record = TypeVar("Record", bound=Backup | Instance)


class Malformed(Struct, frozen=True):
    """A record that cannot be counted: its place in the page, from 1, and what was wrong."""

    position: int
    problem: str


class Page(Struct, Generic[Record], frozen=True, kw_only=True):
    """One answer of a list endpoint. `None` is what the API did not say.

    `length` counts the malformed records too. `markers` are the ids to go on from, the best one first.
    """

    records: tuple[Record, ...]
    length: int
    malformed: tuple[Malformed, ...] = ()
    markers: tuple[str, ...] = ()
    more: bool | None = None
    limit: int | None = None
    total: int | None = None


class Walk(Struct, Generic[Record], frozen=True, kw_only=True):
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


class Statuses(Struct, frozen=True, forbid_unknown_fields=True):
    """Which statuses mean what. The vendor documents no list: the defaults follow OpenStack Trove's."""

    usable: frozenset[str] = frozenset({"COMPLETED", "RESTORED"})
    running: frozenset[str] = frozenset({"NEW", "BUILDING", "SAVING"})
    failed: frozenset[str] = frozenset({"FAILED"})
    other: frozenset[str] = frozenset({"DELETE_FAILED", "DELETING", "DELETED"})

    @property
    def finished(self) -> frozenset[str]:
        """The statuses of an attempt that is over, well or not."""
        return self.usable | self.failed

    @property
    def known(self) -> frozenset[str]:
        """The statuses of any class."""
        return self.finished | self.running | self.other


class GroupKey(NamedTuple):
    """The labels of the backup gauges, in their order."""

    status: str
    datastore_type: str
    instance_id: str


class Group(Struct, frozen=True):
    """The backups of one `GroupKey`, summed up. Times are Unix seconds, sizes bytes."""

    key: GroupKey
    count: int
    size_bytes: float
    newest_timestamp: float
    oldest_timestamp: float
    newest_size_bytes: float | None
    newest_duration_seconds: float | None


class Recovery(Struct, frozen=True, kw_only=True):
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

    groups: tuple[Group, ...]
    backups: int
    unknown_statuses: tuple[tuple[str, int], ...]
    largest_size: float | None


class Doubt(Struct, frozen=True):
    """Something that looks wrong although the walk is complete: a stable `kind`, and a `text` for people."""

    kind: str
    text: str


class Snapshot(Struct, frozen=True, kw_only=True):
    """The result of a complete walk, which ended at `completed_at` (Unix seconds).

    `future` counts the backups that were created later than that.
    """

    summary: Summary
    recoveries: tuple[Recovery, ...] = ()
    duplicates: int
    malformed: int
    future: int = 0
    reported: int | None
    completed_at: float
    doubts: tuple[Doubt, ...] = ()


class Answer(Struct, frozen=True, kw_only=True):
    """What one scrape may say of its target.

    `snapshot` is what may still be served, `last_success` the time of the last complete walk even where it
    may not. `failure` is a `Reason`; `up` and `last_walk` speak of the last walk that ended, `deferred` of
    this scrape, `instances_well` of the last walk of the instances' list (`None`: that one is off).
    """

    up: bool
    failure: str | None
    deferred: bool
    snapshot: Snapshot | None
    last_success: float | None
    last_walk: WalkStats | None
    instances_well: bool | None = None
