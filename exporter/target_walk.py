"""One walk of one target, from requests to snapshot, and what it cost, whether it failed or not."""

from functools import partial

from msgspec import Struct
from structlog.typing import FilteringBoundLogger

from exporter.client import Api, Client
from exporter.decode import BACKUPS
from exporter.errors import ApiError
from exporter.model import Backup, Snapshot, Walk, WalkStats
from exporter.summary import sizes_look_like_gib, summarize
from exporter.walker import PageSize, walk


class Outcome(Struct, frozen=True):
    """How a walk ended: with a snapshot or with an error. `limit` is the page size that was in force."""

    stats: WalkStats
    snapshot: Snapshot | None = None
    error: ApiError | None = None
    limit: int | None = None


class TargetWalk:
    """Walks one target. What it learns of the page size it keeps for the next time."""

    def __init__(self, api: Api, log: FilteringBoundLogger) -> None:
        self._api = api
        self._log = log
        self._clock = api.clock
        self._page_size = PageSize(None if api.target.page_size == "auto" else api.target.page_size)
        self._unit_was_doubted = False

    def __call__(self, seconds: float, next_walk: int = 1) -> Outcome:
        """Walk for `seconds` at most, leaving the API's budget `next_walk` requests."""
        started = self._clock.monotonic()
        client: Client | None = None
        try:
            client = self._api.client(seconds, next_walk)
            walked = walk(partial(client.fetch, BACKUPS), self._page_size)
            snapshot = self._snapshot(walked)
        except ApiError as error:
            return Outcome(self._stats(client, started), error=error)
        return Outcome(self._stats(client, started), snapshot=snapshot, limit=walked.limit)

    def _snapshot(self, walked: Walk[Backup]) -> Snapshot:
        target = self._api.target
        if walked.malformed:
            self._log.warning(
                "skipped malformed records", count=walked.malformed, first=walked.first_malformed
            )
        summary = summarize(walked.records, bytes_per_unit=target.bytes_per_unit, statuses=target.statuses)
        if target.size_unit == "bytes" and sizes_look_like_gib(summary) and not self._unit_was_doubted:
            self._unit_was_doubted = True
            self._log.warning(
                "sizes look like GiB, not bytes: consider size_unit: GiB", largest=summary.largest_size
            )
        return Snapshot(
            summary=summary,
            duplicates=walked.duplicates,
            malformed=walked.malformed,
            reported=walked.reported,
            completed_at=self._clock.now(),
        )

    def _stats(self, client: Client | None, started: float) -> WalkStats:
        return WalkStats(
            seconds=self._clock.monotonic() - started,
            pages=client.pages if client else 0,
            requests=client.requests if client else 0,
        )
