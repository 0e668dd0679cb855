"""What a complete walk shows about one database."""

from math import inf

from msgspec import Struct

from exporter.results.chains import NewestChain
from exporter.results.gaps import Gap, Gaps
from exporter.results.timeline import TimeLine


class AppliedObjective(Struct, frozen=True):
    """What is required of the backups of one database. `None`: nothing.

    :param age: how old the newest restorable backup may be, in seconds.
    :param duration: how long a backup may run, in seconds.
    :param retention: how far back the restorable backups must reach, in seconds.
    :param gap: how far apart two neighbouring restorable backups may be, in seconds.
    :param full_age: how old the newest restorable full backup may be, in seconds.
    :param chain_length: how many backups the restore of the newest restorable backup may read.
    """

    age: float | None = None
    duration: float | None = None
    retention: float | None = None
    gap: float | None = None
    full_age: float | None = None
    chain_length: int | None = None

    @property
    def needs_backups(self) -> bool:
        """Whether it can be met only by a backup that can be restored."""
        limits = (self.age, self.retention, self.gap, self.full_age, self.chain_length)
        return any(limit is not None for limit in limits)


class DatabaseAssessment(Struct, frozen=True, kw_only=True):
    """Whether one database can be restored, to what point in time, and which objective it has.

    :param datastore_type: such as `postgresql`; `unknown` if no source names it.
    :param instance_name: `None` if neither the API nor the configuration names the instance.
    :param datastore_version: such as `15.4`; `None` if the API's list of instances does not say.
    :param replica_of: the id of the instance that it replicates; `None` if it is not a replica.
    :param is_retired: it is neither configured nor in the API's complete list. Only its backups are left.
    :param restorable_backups: number of backups that can be restored.
    :param restorable_newest_timestamp: when the newest restorable backup was created; `None` without one.
    :param restorable_oldest_timestamp: when the oldest restorable backup was created; `None` without one.
    :param usable_newest_timestamp: when the newest backup of a usable status was created, restorable or not.
    :param gaps: each gap, the oldest first, that no later one exceeds: one of them, or the time since
        `restorable_newest_timestamp`, is the largest gap of any window.
    :param newest_chain_length: how many backups its restore reads: 1 is a full backup.
    :param newest_full_timestamp: when the newest restorable full backup was created; `None` without one.
    :param newest_full_size_bytes: its size; `None` if the API reports none.
    :param unrestorable_by_reason: each reason why usable backups cannot be restored, with their number.
    :param self_contained: how many backups have a parent that their restore does not read.
    :param running_oldest_timestamp: when the oldest running backup was created; `None` if none is running.
    :param last_attempt_failed: whether the newest finished attempt failed; `None` if none has finished.
    :param objective: what is required of its backups.
    :param labels: of its objective, by name.
    :param chain: of its newest usable backup; `None` without one.
    :param timeline: all of its backups.
    """

    instance_id: str
    datastore_type: str
    instance_name: str | None = None
    datastore_version: str | None = None
    replica_of: str | None = None
    is_retired: bool = False
    restorable_backups: int = 0
    restorable_newest_timestamp: float | None = None
    restorable_oldest_timestamp: float | None = None
    usable_newest_timestamp: float | None = None
    gaps: Gaps = Gaps()
    newest_chain_length: int | None = None
    newest_full_timestamp: float | None = None
    newest_full_size_bytes: float | None = None
    unrestorable_by_reason: tuple[tuple[str, int], ...] = ()
    self_contained: int = 0
    running_oldest_timestamp: float | None = None
    last_attempt_failed: bool | None = None
    objective: AppliedObjective = AppliedObjective()
    labels: tuple[tuple[str, str], ...] = ()
    chain: NewestChain | None = None
    timeline: TimeLine = TimeLine()

    @property
    def name(self) -> str:
        """The instance's name, or its id if no name is known."""
        return self.instance_name or self.instance_id

    def largest_gap(self, now: float) -> Gap | None:
        """Return the largest gap that matters at `now` (Unix seconds); `None` without a restorable backup.

        A gap matters if it ends within the objective's retention, or always without one. The last gap, from
        the newest restorable backup, ends now. The time before the oldest one is no gap.
        """
        if self.restorable_newest_timestamp is None:
            return None
        retention = self.objective.retention
        closed = self.gaps.first_that_ends_since(-inf if retention is None else now - retention)
        last = Gap(self.restorable_newest_timestamp, max(now, self.restorable_newest_timestamp))
        return max(closed or last, last, key=lambda gap: gap.seconds)
