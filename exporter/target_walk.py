"""One walk of one target, from requests to snapshot, and what it cost, whether it failed or not."""

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from exporter.chains import Chains
from exporter.client import Api, Client
from exporter.cohorts import cohorts
from exporter.config import Objective
from exporter.decode import BACKUPS
from exporter.errors import ApiError
from exporter.instance_list import InstanceList
from exporter.interning import Interning
from exporter.model import Backup, Page, Snapshot, Summary, Walk, WalkStats
from exporter.prefetch import Marks, Pool, walk_ahead
from exporter.recovery import Register, Rules, recoveries
from exporter.running_walk import RunningWalk
from exporter.summary import sizes_look_like_gib, summarize
from exporter.threads import Threads
from exporter.walker import PageSize, walk

PATIENCE: Final = 2.0  # seconds that a complete walk waits for the list of instances, which runs beside it


class Outcome(Struct, frozen=True):
    """How a walk ended: with a snapshot or with an error.

    `limit` is the page size that was in force; `instances_well` says how the list of instances fared (`None`:
    it is off).
    """

    stats: WalkStats
    result: Snapshot | ApiError
    limit: int | None = None
    instances_well: bool | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """The result of a walk that was complete."""
        return self.result if isinstance(self.result, Snapshot) else None

    @property
    def error(self) -> ApiError | None:
        """The result of a walk that failed."""
        return self.result if isinstance(self.result, ApiError) else None


class TargetWalk:
    """Walks one target. What it learns of page size and instances it keeps for the next time."""

    def __init__(
        self,
        api: Api,
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
        self._marks = Marks()
        self._told: set[str] = set()

    def __call__(
        self,
        seconds: float,
        next_walk: int = 1,
        running: RunningWalk | None = None,
        *,
        patience: float = PATIENCE,
    ) -> Outcome:
        """Walk for `seconds` at most, leaving the API's budget `next_walk` requests.

        `running` shows other threads the walk's requests and lets them cancel it.
        """
        started = self._clock.monotonic()
        client: Client | None = None
        await_instances = self.instances.refresh(seconds, next_walk)
        try:
            client = self.api.client(seconds, next_walk)
            if running is not None:
                running.follow(client)
            walked = self._walk(client)
        except ApiError as error:
            failed = Outcome(self._stats(client, started), error)
            await_instances(patience)
            return replace(failed, instances_well=self.instances.well)
        stats = self._stats(client, started)
        await_instances(patience)
        return Outcome(stats, self._snapshot(walked), limit=walked.limit, instances_well=self.instances.well)

    def _walk(self, client: Client) -> Walk[Backup]:
        kept_once, most = Interning(), self.api.target.max_concurrency
        fetch = partial(client.fetch, BACKUPS)

        def read(body: bytes) -> Page[Backup]:
            return kept_once(client.read(BACKUPS, body))

        if most == 1:
            return walk(lambda marker, limit: read(fetch(marker, limit)), self._page_size)
        with closing(client), Threads(most) as threads:
            return walk_ahead(fetch, read, self._page_size, self._marks, Pool(threads.submit, most))

    @property
    def lacks_names(self) -> bool:
        """Say whether an objective goes by name while no name can be had."""
        by_name = any(objective.match.instance_name for objective in self.objectives)
        configured = any(instance.name for instance in self.api.target.expected_instances)
        return by_name and not configured and self.instances.listed is None

    def _snapshot(self, walked: Walk[Backup]) -> Snapshot:
        target = self.api.target
        register = Register(
            {instance.id: instance for instance in target.expected_instances}, self.instances.listed
        )
        rules = Rules(target.statuses, self.objectives, target.bytes_per_unit)
        among = cohorts(walked.records.values())
        summary = summarize(among, bytes_per_unit=target.bytes_per_unit, statuses=target.statuses)
        self._warn(walked, summary)
        return Snapshot(
            summary=summary,
            recoveries=recoveries(among, Chains(walked.records, target.statuses), register, rules),
            duplicates=walked.duplicates,
            malformed=walked.malformed,
            reported=walked.reported,
            completed_at=self._clock.now(),
        )

    def _warn(self, walked: Walk[Backup], summary: Summary) -> None:
        """Log what looks wrong: malformed records once a walk, doubts of the configuration once."""
        if walked.malformed:
            self._log.warning(
                "skipped malformed records", count=walked.malformed, first=walked.first_malformed
            )
        if self.api.target.size_unit == "bytes" and sizes_look_like_gib(summary):
            largest = summary.largest_size
            self._warn_once("sizes look like GiB, not bytes: consider size_unit: GiB", largest=largest)
        if self.instances.listed == {} and walked.records:
            self._warn_once("no instances are listed, so nothing is asked of those that have backups")
        if self.lacks_names:
            self._warn_once("objectives by instance_name match nothing: no names are known")

    def _warn_once(self, event: str, **facts: object) -> None:
        if event not in self._told:
            self._told.add(event)
            self._log.warning(event, **facts)

    def _stats(self, client: Client | None, started: float) -> WalkStats:
        return WalkStats(
            seconds=self._clock.monotonic() - started,
            pages=client.pages if client else 0,
            requests=client.requests if client else 0,
        )
