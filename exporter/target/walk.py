"""One walk of one target, from requests to snapshot, and what it cost, whether it failed or not."""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from exporter.api import ApiClient, WalkClient
from exporter.api.decode import BACKUPS
from exporter.backups import Evidence, Inventory, Rules, assess, data_warnings
from exporter.config.schema import Objective
from exporter.errors import ApiError
from exporter.records import Backup, Page
from exporter.results import DataWarning, Snapshot, WalkResult, WalkStats
from exporter.target.instances import InstanceList
from exporter.target.interning import Interner
from exporter.target.running_walk import RunningWalk
from exporter.walk.boundaries import PageBoundaries
from exporter.walk.concurrent import Pool, walk_ahead
from exporter.walk.sequential import PageSize, walk
from exporter.walk.threads import Threads

PATIENCE: Final = 2.0  # seconds that a complete walk waits for the list of instances, which runs beside it


class WalkOutcome(Struct, frozen=True):
    """How a walk ended: with a snapshot or with an error.

    `limit` is the page size that was in force; `instances_ok` says how the list of instances fared (`None`:
    it is off).
    """

    stats: WalkStats
    result: Snapshot | ApiError
    limit: int | None = None
    instances_ok: bool | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """The result of a walk that was complete."""
        return self.result if isinstance(self.result, Snapshot) else None

    @property
    def error(self) -> ApiError | None:
        """The result of a walk that failed."""
        return self.result if isinstance(self.result, ApiError) else None


class TargetWalker:
    """Walks one target. What it learns of page size and instances it keeps for the next time."""

    def __init__(
        self,
        api: ApiClient,
        instances: InstanceList,
        objectives: Sequence[Objective],
        log: FilteringBoundLogger,
    ) -> None:
        self.instances = instances
        self.api = api
        self.objectives = objectives
        self._log = log
        self._clock = api.clock
        self._page_size = PageSize(None if api.target.page_size == "auto" else api.target.page_size)
        self._boundaries = PageBoundaries()
        self._usual_shortfall = 0
        self._doubted: frozenset[str] = frozenset()

    def __call__(
        self,
        seconds: float,
        next_walk: int = 1,
        running: RunningWalk | None = None,
        *,
        patience: float = PATIENCE,
    ) -> WalkOutcome:
        """Walk for `seconds` at most, leaving the API's budget `next_walk` requests.

        `running` shows other threads the walk's requests and lets them cancel it.
        """
        started = self._clock.monotonic()
        client: WalkClient | None = None
        await_instances = self.instances.refresh(seconds, next_walk)
        try:
            client = self.api.client(seconds, next_walk)
            if running is not None:
                running.follow(client)
            walked = self._walk(client)
        except ApiError as error:
            # A traceback holds everything that the walk had read, for as long as the error is kept.
            failed = WalkOutcome(self._stats(client, started), error.with_traceback(None))
            await_instances(patience)
            return replace(failed, instances_ok=self.instances.well)
        stats = self._stats(client, started)
        await_instances(patience)
        self.instances.settle(has_backups=bool(walked.records))
        return WalkOutcome(
            stats,
            self._snapshot(walked, client.redact),
            limit=walked.limit,
            instances_ok=self.instances.well,
        )

    def _walk(self, client: WalkClient) -> WalkResult[Backup]:
        kept_once, most = Interner(), self.api.target.max_concurrency
        fetch = partial(client.fetch, BACKUPS)

        def read(body: bytes) -> Page[Backup]:
            return kept_once(client.read(BACKUPS, body))

        if most == 1:
            walked = walk(
                lambda marker, limit: read(fetch(marker, limit)),
                self._page_size,
                usual_shortfall=self._usual_shortfall,
            )
        else:
            with closing(client), Threads(most) as threads:
                walked, self._boundaries = walk_ahead(
                    fetch,
                    read,
                    self._page_size,
                    Pool(threads.submit, most),
                    self._boundaries,
                    usual_shortfall=self._usual_shortfall,
                )
        self._usual_shortfall = walked.shortfall
        return walked

    def _snapshot(self, walked: WalkResult[Backup], redact: Callable[[str], str]) -> Snapshot:
        target = self.api.target
        inventory = Inventory.of(target.expected_instances, self.instances.listed)
        rules = Rules(target.statuses, self.objectives, target.bytes_per_unit)
        snapshot = assess(walked, inventory, rules, completed_at=self._clock.now())
        doubted = self._data_warnings(snapshot, walked.first_malformed)
        found = tuple(DataWarning(redact(doubt.kind), redact(doubt.text)) for doubt in doubted)
        self._log_doubts(found)
        return replace(snapshot, data_warnings=found)

    def _data_warnings(self, snapshot: Snapshot, first_malformed: str | None) -> tuple[DataWarning, ...]:
        return data_warnings(
            Evidence(
                snapshot=snapshot,
                target=self.api.target,
                objectives=self.objectives,
                listed=self.instances.listed,
                listing_error=self.instances.error,
                first_malformed=first_malformed,
            )
        )

    def _log_doubts(self, found: tuple[DataWarning, ...]) -> None:
        """Log each doubt once when it appears, and once when it is gone."""
        kinds = frozenset(doubt.kind for doubt in found)
        for doubt in found:
            if doubt.kind not in self._doubted:
                self._log.warning(doubt.text, doubt=doubt.kind)
        for kind in sorted(self._doubted - kinds):
            self._log.info("no longer in doubt", doubt=kind)
        self._doubted = kinds

    def _stats(self, client: WalkClient | None, started: float) -> WalkStats:
        return WalkStats(
            seconds=self._clock.monotonic() - started,
            pages=client.pages if client else 0,
            requests=client.requests if client else 0,
        )
