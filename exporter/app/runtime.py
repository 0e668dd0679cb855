"""What runs for one target: an API client, a walker and a scraper, all on one budget."""

from collections.abc import Sequence

import structlog
from msgspec import Struct

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config import Objective, Target
from exporter.metrics.own import OwnMetrics
from exporter.target.instances import InstanceList
from exporter.target.scraper import Scraper
from exporter.target.walker import TargetWalker


class TargetRuntime(Struct, frozen=True, eq=False):
    """What runs for one target."""

    target: Target
    api: ApiClient
    walker: TargetWalker
    scraper: Scraper

    def reconfigure(self, objectives: Sequence[Objective]) -> None:
        """Assess by these objectives from the next walk on, and try to list instances again."""
        self.walker.objectives = objectives
        self.walker.instances.forget_refusal()

    def close(self) -> None:
        """End every waiting scrape, cancel the walk, and close the connections to the API."""
        self.scraper.close()
        self.api.close()


class RuntimeFactory:
    """Creates the runtimes of targets, which share a clock, the metrics and the thread for deadlines."""

    def __init__(self, own_metrics: OwnMetrics, clock: Clock) -> None:
        self._own_metrics = own_metrics
        self._clock = clock
        self._deadlines = Deadlines()

    def __repr__(self) -> str:
        return f"RuntimeFactory({self._deadlines})"

    def create(self, target: Target, objectives: Sequence[Objective], budget: Budget | None) -> TargetRuntime:
        """Create a target's runtime.

        :param budget: the budget to continue; `None` starts a new one.
        :raises ConfigError: if the credential or a certificate cannot be read.
        """
        target.credential.read()
        log = structlog.get_logger().bind(target=target.name)
        budget = budget or Budget(tier=target.api_tier, share=target.budget_share, clock=self._clock)
        transport = HttpTransport(target, self._deadlines)
        api = ApiClient(target, budget, self._own_metrics.observer(target.name), transport, self._clock)
        walker = TargetWalker(api, InstanceList(api, target.instances, log), objectives, log)
        return TargetRuntime(target, api, walker, Scraper(target, walker, budget, log, clock=self._clock))
