"""The exporter, looking at a fleet at past times."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain

import structlog
from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import Metric

from exporter.api import ApiClient, Budget
from exporter.api.transport import ObserveHeaders
from exporter.cli.commands.demo import demo_config
from exporter.clock import Clock
from exporter.config import Config, Secret
from exporter.metrics.families import families
from exporter.metrics.own import OwnMetrics, ReloadCollector, own_collectors
from exporter.records import Backup, Instance
from exporter.server.refusals import Refusal
from exporter.simulator import Fleet, Quirks
from exporter.simulator.fleet.chance import chance
from exporter.simulator.http.wire import BACKUPS, INSTANCES
from exporter.simulator.listing import Listing
from exporter.simulator.ratelimit import RateLimit
from exporter.target.instances import InstanceList
from exporter.target.state import TargetState
from exporter.target.walker import TargetWalker
from tools.history.outages import Outage

SECONDS = 30.0
"""How long a walk may take."""


class ReplayClock(Clock):
    """Time that stands still but for jumps and sleep."""

    def __init__(self, start: float) -> None:
        self._now = self.jumped_to = start

    def jump(self, moment: float) -> None:
        """Jump to a Unix time."""
        self._now = self.jumped_to = moment

    def now(self) -> float:
        """Return Unix time."""
        return self._now

    def monotonic(self) -> float:
        """Return the same."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class ReplayedApi:
    """The API as it was when the clock jumped last: a `Transport` without sockets."""

    def __init__(self, fleet: Fleet, clock: ReplayClock, outages: Sequence[Outage]) -> None:
        self._fleet = fleet
        self._clock = clock
        self._outages = outages
        self._rates = RateLimit("enterprise", clock.now)

    def get(
        self, path: str, query: Mapping[str, str], _secret: Secret, _seconds: float, observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        """Respond after some latency."""
        moment = self._clock.jumped_to
        self._clock.sleep(0.04 + 0.2 * chance(moment, path, *query.values()) ** 4)
        if any(outage.covers(moment) for outage in self._outages):
            return 503, b"{}"
        observe(200, self._rates.take().headers)
        return 200, self._listings(moment)[path].encoded(query)

    def close(self) -> None:
        """Do nothing."""

    @lru_cache(maxsize=1)  # noqa: B019 - both live as long as the program
    def _listings(self, moment: float) -> Mapping[str, Listing[Backup] | Listing[Instance]]:
        now = datetime.fromtimestamp(moment, UTC)
        return {
            BACKUPS.path: Listing(BACKUPS, self._fleet.backups(now), Quirks()),
            INSTANCES.path: Listing(INSTANCES, self._fleet.instances(now), Quirks()),
        }


class Scrape(Struct, frozen=True):
    """What the exporter served at a moment, in Unix seconds."""

    moment: float
    metrics: tuple[Metric, ...]


class Replay:
    """The real client, walk and assessment over a fleet's past."""

    def __init__(self, fleet: Fleet, start: float, outages: Sequence[Outage] = ()) -> None:
        self.clock = ReplayClock(start)
        self.config: Config = demo_config("http://api.invalid")
        target = replace(self.config.targets[0], max_concurrency=1)
        self._state = TargetState(stale_after=target.stale_after, max_backups=target.max_backups)
        own, log = OwnMetrics(Refusal), structlog.get_logger()
        budget = Budget(tier=target.api_tier, share=target.budget_share, clock=self.clock)
        api = ApiClient(
            target, budget, own.observer(target.name), ReplayedApi(fleet, self.clock, outages), self.clock
        )
        instances = InstanceList(api, target.instances, log, spawn=lambda work: work())
        self._walk = TargetWalker(api, instances, self.config.objectives, log)
        self._own = own_collectors(own, lambda: {target.name: budget.state}, ReloadCollector(start))

    def scrape(self, moment: float) -> Scrape:
        """Walk at a Unix time, and return what the exporter serves then."""
        self.clock.jump(moment)
        self._state.end_walk(moment, self._walk(SECONDS))
        now = self.clock.now()
        result = self._state.result(now, deferred=False, walk_interval=0.0)
        own = chain.from_iterable(collector.collect() for collector in self._own)
        return Scrape(moment, tuple(chain(families(result, now), own)))

    def scrapes(self, end: float, step: float) -> Iterator[Scrape]:
        """Scrape every `step` seconds until `end`, in Unix seconds."""
        moment = self.clock.now()
        while moment <= end:
            yield self.scrape(moment)
            moment += step
