"""A simulated world that tests advance: a clock, events at its times, and an API with rate limits."""

import heapq
from collections.abc import Callable, Mapping
from itertools import count
from typing import Unpack

import structlog

from exporter.api import ApiClient
from exporter.api.budget import Budget
from exporter.api.transport import ObserveHeaders
from exporter.clock import Clock
from exporter.config import Config, Secret
from exporter.errors import Reason
from exporter.simulator.fleet.bulk import bulk_instances
from exporter.simulator.http.wire import BACKUPS, INSTANCES
from exporter.simulator.listing import Listing
from exporter.simulator.quirks import Quirks
from exporter.simulator.ratelimit import RateLimit, Tier
from exporter.target import InstanceList, Scraper, TargetWalker
from tests.support.builders import backup
from tests.support.targets import TargetSettings, target

LATENCY = 0.2


class World(Clock):
    """Time that stands still until someone sleeps; what was planned for meanwhile then happens."""

    def __init__(self, start: float = 1_800_000_007.0) -> None:
        self.time = start
        self._plans: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def now(self) -> float:
        """Return Unix time."""
        return self.time

    def monotonic(self) -> float:
        """Return the same."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        end = self.time + seconds
        while self._plans and self._plans[0][0] <= end:
            due, _, happen = heapq.heappop(self._plans)
            self.time = max(self.time, due)
            happen()
        self.time = max(self.time, end)

    def plan(self, happen: Callable[[], None], delay: float = 0.0) -> None:
        """Let something happen later."""
        heapq.heappush(self._plans, (self.time + delay, next(self._order), happen))

    def repeat(self, happen: Callable[[], None], every: float, first: float = 0.0) -> None:
        """Let something happen again and again."""

        def once() -> None:
            self.plan(once, every)
            happen()

        self.plan(once, first)


class LimitedTransport:
    """The API behind its rate limits, without sockets; records the status of every response."""

    def __init__(self, world: World, tier: Tier, backups: int, max_limit: int) -> None:
        self.world = world
        self.statuses: list[int] = []
        self.paths: list[str] = []
        self._rates = RateLimit(tier, world.now)
        records = tuple(backup(number) for number in range(backups))
        self._listing = Listing(BACKUPS, records, Quirks(max_limit=max_limit))
        self._instances = Listing(INSTANCES, bulk_instances(30), Quirks(max_limit=max_limit))

    def get(
        self, path: str, query: Mapping[str, str], _secret: Secret, _seconds: float, observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        """Respond after some latency."""
        self.world.sleep(LATENCY)
        allowance = self._rates.take()
        refused = allowance.retry_after is not None
        self.statuses.append(429 if refused else 200)
        self.paths.append(path)
        headers = dict(allowance.headers) | ({"Retry-After": str(allowance.retry_after)} if refused else {})
        observe(self.statuses[-1], headers)
        listing = self._listing if path == BACKUPS.path else self._instances
        return self.statuses[-1], b"" if refused else listing.encoded(query)

    def close(self) -> None:
        """Do nothing."""


class Silent:
    """An observer that keeps nothing."""

    def requested(self, code: str, seconds: float) -> None:
        """Forget it."""

    def retried(self, reason: Reason) -> None:
        """Forget it."""


def limited_scraper(world: World, transport: LimitedTransport, **settings: Unpack[TargetSettings]) -> Scraper:
    """Put the exporter's real parts over the world's clock and the limited API; walks are planned events."""
    fields: TargetSettings = {"max_concurrency": 1, **settings}
    made = target(**fields)
    budget = Budget(tier=made.api_tier, share=made.budget_share, clock=world)
    api = ApiClient(made, budget, Silent(), transport, world)
    log = structlog.get_logger()
    instances = InstanceList(api, made.instances, log, spawn=lambda work: work())
    walk = TargetWalker(api, instances, Config().objectives, log)
    return Scraper(made, walk, budget, log, clock=world, spawn=world.plan)
