"""The parts put together: for each target an API, a budget, its walk and its scraper."""

import structlog
from starlette.applications import Starlette

from exporter.budget import Budget
from exporter.client import Api, HttpTransport, Watchdog
from exporter.clock import Clock
from exporter.config import Config, Target
from exporter.errors import ConfigError
from exporter.instance_list import InstanceList
from exporter.instruments import Instruments, own_collectors
from exporter.scrape import Scraper
from exporter.target_walk import TargetWalk
from exporter.web import Endpoints


class Exporter:
    """Everything that runs for one configuration."""

    def __init__(self, config: Config, *, clock: Clock | None = None) -> None:
        self.instruments = Instruments()
        self.apis: dict[str, Api] = {}
        self.walks: dict[str, TargetWalk] = {}
        self.scrapers: dict[str, Scraper] = {}
        self._watchdog = Watchdog()
        self._clock = clock or Clock()
        for target in config.targets:
            self._add(target, config)

    def application(self, *, telemetry_path: str = "/metrics", max_requests: int = 40) -> Starlette:
        """Return the ASGI application that serves it."""
        own = own_collectors(self.instruments, self._budgets, loaded_at=self._clock.now())
        endpoints = Endpoints(
            self.scrapers,
            own,
            telemetry_path=telemetry_path,
            max_requests=max_requests,
            clock=self._clock,
        )
        return endpoints.application()

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
        self.release_scrapes()
        for api in self.apis.values():
            api.close()

    def _budgets(self) -> dict[str, Budget]:
        return {name: api.budget for name, api in self.apis.items()}

    def _add(self, target: Target, config: Config) -> None:
        target.credential.read()  # a credential that cannot be read is told at start, as a `ConfigError`
        log = structlog.get_logger().bind(target=target.name)
        budget = Budget(tier=target.api_tier, share=target.budget_share, clock=self._clock)
        transport = HttpTransport(target, self._watchdog)
        observer = self.instruments.observer(target.name)
        api = Api(target, budget, observer, transport, self._clock)
        instances = InstanceList(api, target.instances, log)
        walk = TargetWalk(api, instances, config.objectives, log)
        self.apis[target.name] = api
        self.walks[target.name] = walk
        self.scrapers[target.name] = Scraper(target, walk, budget, log, clock=self._clock)
