"""The parts put together: for each target an API, a budget, its walk and its scraper."""

from collections.abc import Mapping, Sequence

import structlog
from msgspec import Struct
from starlette.applications import Starlette

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config.schema import Config, Objective, Target
from exporter.errors import ConfigError
from exporter.metrics.own import OwnMetrics, ReloadCollector, WebReloadCollector, own_collectors
from exporter.target.instances import InstanceList
from exporter.target.scraper import Scraper
from exporter.target.walk import TargetWalker
from exporter.web.discovery import ExternalUrl
from exporter.web.endpoints import Endpoints, Lifecycle


class TargetRuntime(Struct, frozen=True, eq=False):
    """What runs for one target."""

    target: Target
    api: ApiClient
    walk: TargetWalker
    scraper: Scraper

    def reconfigure(self, objectives: Sequence[Objective]) -> None:
        """Keep all that is known, but judge by these objectives, and try anew what was refused."""
        self.walk.objectives = objectives
        self.walk.instances.retry()

    def close(self) -> None:
        """Let every scrape that waits answer at once, end the walk, and close the connections to the API."""
        self.scraper.close()
        self.api.close()


class Exporter:
    """Everything that runs for the configuration in force."""

    def __init__(self, config: Config, *, clock: Clock | None = None) -> None:
        self.own_metrics = OwnMetrics()
        self.clock = clock or Clock()
        self.reloads = ReloadCollector(self.clock.now())
        self._deadlines = Deadlines()
        self._parts: dict[str, TargetRuntime] = {}
        self._endpoints: Endpoints | None = None
        self.apply(config)

    def application(
        self,
        *,
        telemetry_path: str = "/metrics",
        max_requests: int = 40,
        lifecycle: Lifecycle | None = None,
        place: ExternalUrl | None = None,
        web_reloads: WebReloadCollector | None = None,
    ) -> Starlette:
        """Return the ASGI application that serves it; `web_reloads` shows the web configuration's state."""
        self._endpoints = Endpoints(
            self.scrapers,
            own_collectors(
                self.own_metrics, self._budgets, self.reloads, *([web_reloads] if web_reloads else [])
            ),
            telemetry_path=telemetry_path,
            max_requests=max_requests,
            lifecycle=lifecycle,
            place=place,
            refused=self.own_metrics.count_refusal,
            clock=self.clock,
        )
        return self._endpoints.application()

    def apply(self, config: Config) -> None:
        """Put a configuration into force, or raise `ConfigError` and go on as before.

        A target that did not change keeps its snapshot and what it remembers of its pages. One that changed
        keeps its budget, where its URL and credential are the same; its old walk ends.
        """
        before = self._parts
        kept = {t.name: before[t.name] for t in config.targets if _runs(before, t)}
        new = [target for target in config.targets if target.name not in kept]
        inherited = _inherited(new, [parts for name, parts in before.items() if name not in kept])
        made = self._make_all(new, config.objectives, inherited)
        for parts in made.values():
            parts.api.budget.reconfigure(tier=parts.target.api_tier, share=parts.target.budget_share)
        for parts in kept.values():
            parts.reconfigure(config.objectives)
        self._parts = {target.name: (kept | made)[target.name] for target in config.targets}
        if self._endpoints:
            self._endpoints.replace(self.scrapers)
        for name in before.keys() - kept.keys():
            before[name].close()

    @property
    def apis(self) -> dict[str, ApiClient]:
        """The API of each target."""
        return {name: parts.api for name, parts in self._parts.items()}

    @property
    def walks(self) -> dict[str, TargetWalker]:
        """The walk of each target."""
        return {name: parts.walk for name, parts in self._parts.items()}

    @property
    def scrapers(self) -> dict[str, Scraper]:
        """The scraper of each target."""
        return {name: parts.scraper for name, parts in self._parts.items()}

    def target(self, name: str | None) -> str:
        """Return the name of the target that is meant, which only one target can leave open."""
        if name is None and len(self.scrapers) == 1:
            return next(iter(self.scrapers))
        if name not in self.scrapers:
            found = "none" if name is None else repr(name)
            raise ConfigError(f"--target: found {found}, allowed: {', '.join(self.scrapers)}")
        return name

    def release_scrapes(self) -> None:
        """Let every scrape that waits answer at once."""
        for scraper in self.scrapers.values():
            scraper.close()

    def close(self) -> None:
        """Close every connection to the API."""
        for parts in self._parts.values():
            parts.close()

    def _budgets(self) -> dict[str, Budget]:
        return {name: api.budget for name, api in self.apis.items()}

    def _make_all(
        self, targets: Sequence[Target], objectives: Sequence[Objective], budgets: Mapping[str, Budget]
    ) -> dict[str, TargetRuntime]:
        """Make the parts of these targets; of none, where one of them cannot be."""
        made: dict[str, TargetRuntime] = {}
        try:
            for target in targets:
                made[target.name] = self._make(target, objectives, budgets.get(target.name))
        except ConfigError:
            for parts in made.values():
                parts.close()
            raise
        return made

    def _make(self, target: Target, objectives: Sequence[Objective], budget: Budget | None) -> TargetRuntime:
        target.credential.read()  # a credential that cannot be read is told at once, as a `ConfigError`
        log = structlog.get_logger().bind(target=target.name)
        budget = budget or Budget(tier=target.api_tier, share=target.budget_share, clock=self.clock)
        transport = HttpTransport(target, self._deadlines)
        observer = self.own_metrics.observer(target.name)
        api = ApiClient(target, budget, observer, transport, self.clock)
        instances = InstanceList(api, target.instances, log)
        walk = TargetWalker(api, instances, objectives, log)
        return TargetRuntime(target, api, walk, Scraper(target, walk, budget, log, clock=self.clock))


def _runs(parts: Mapping[str, TargetRuntime], target: Target) -> bool:
    return target.name in parts and parts[target.name].target == target


def _inherited(targets: Sequence[Target], ending: Sequence[TargetRuntime]) -> dict[str, Budget]:
    """Return the budgets that live on in new targets of the same account, by the new target's name.

    Each budget lives on in one target at most: the one of the same name, else the first of that account.
    """
    free = {parts.target.name: parts for parts in ending}
    found: dict[str, Budget] = {}
    for target in sorted(targets, key=lambda target: target.name not in free):
        same = (
            parts for parts in _own_first(target.name, free) if _account(parts.target) == _account(target)
        )
        if parts := next(same, None):
            found[target.name] = free.pop(parts.target.name).api.budget
    return found


def _own_first(name: str, free: Mapping[str, TargetRuntime]) -> list[TargetRuntime]:
    return sorted(free.values(), key=lambda parts: parts.target.name != name)


def _account(target: Target) -> tuple[object, ...]:
    """Return what the API tells accounts apart by, as far as the configuration shows it."""
    return target.url, target.api_key, target.api_key_file, target.token, target.token_file
