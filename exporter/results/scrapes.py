"""What a scrape reports about its target."""

from msgspec import Struct

from exporter.results.snapshots import Snapshot
from exporter.results.walks import WalkStats


class Outage(Struct, frozen=True):
    """The walks that have failed in a row.

    :param since: when the first of them began.
    :param reason: the `Reason` of the last one; `None`: an unexpected error, a bug of the exporter.
    :param message: what went wrong in the last one, in one printable line.
    :param request_id: the API's id of the failed request.
    """

    since: float
    reason: str | None
    message: str
    request_id: str | None = None


class ScrapeResult(Struct, frozen=True, kw_only=True):
    """What one scrape reports about its target.

    :param up: whether the last finished walk was complete; false before the first.
    :param failure: the `Reason` why the last finished walk failed. Before the first has ended: `timeout`, or
        `rate_limited` if it was deferred. `None` if the last one was complete, or a bug ended it.
    :param deferred: whether this scrape started no walk because the API's budget did not allow it.
    :param snapshot: the last complete walk's result; `None` if there is none or it is too old to serve.
    :param last_success: when the last complete walk ended, even if its snapshot is too old to serve.
    :param last_walk: the cost of the last finished walk; `None` before the first.
    :param walk_interval: seconds between walks that the API's budget and the configuration allow; 0: every
        scrape walks; `None`: unknown, as after a single walk.
    :param max_backups: how many backups the account may have; `None` if it is not configured.
    :param instances_ok: whether the last walk of the instances succeeded; `None` if they are not walked.
    """

    up: bool
    failure: str | None
    deferred: bool
    snapshot: Snapshot | None
    last_success: float | None
    last_walk: WalkStats | None
    walk_interval: float | None = None
    max_backups: int | None = None
    instances_ok: bool | None = None


class TargetStatus(Struct, frozen=True):
    """What people see of a target.

    :param result: what a scrape would report now, without a walk.
    :param snapshot: the last complete walk's result, even if it is too old for metrics.
    :param outage: `None` unless the last walk failed.
    """

    result: ScrapeResult
    snapshot: Snapshot | None
    outage: Outage | None

    @property
    def is_outdated(self) -> bool:
        """Whether the last complete walk is too old for metrics; false without one."""
        return self.snapshot is not None and self.result.snapshot is None

    def as_of(self, now: float) -> float:
        """Return the time by which to judge the snapshot: `now`, or when its walk ended if it is outdated.

        :param now: Unix seconds.
        """
        return self.snapshot.completed_at if self.snapshot and self.is_outdated else now


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
