"""The composition root: everything that runs for the current configuration."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Self

from exporter.app.budgets import inherited_budgets
from exporter.app.runtime import RuntimeFactory, TargetRuntime
from exporter.clock import Clock
from exporter.config import Config, Objective, Target
from exporter.errors import ConfigError
from exporter.metrics.credentials import CredentialCollector
from exporter.metrics.own import OwnMetrics, ReloadCollector, WebReloadCollector, own_collectors
from exporter.results import BudgetState
from exporter.server.concurrency import ConcurrencyLimitMiddleware
from exporter.server.refusals import Refusal
from exporter.target.scraper import Scraper
from exporter.web.application import create_application, request_kind
from exporter.web.external_url import ExternalUrl

Runtimes = Mapping[str, TargetRuntime]


class Exporter:
    """All targets of the current configuration. As a context manager, it closes them at the end of the block.

    :raises ConfigError: if a target's credential or certificates cannot be read.
    """

    def __init__(self, config: Config, *, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.own_metrics = OwnMetrics(tuple(Refusal))
        self.reloads = ReloadCollector(self.clock.now())
        self.runtimes: Runtimes = {}
        self._factory = RuntimeFactory(self.own_metrics, self.clock)
        self.reconfigure(config)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Exporter of {', '.join(self.runtimes)}>"

    def reconfigure(self, config: Config) -> None:
        """Apply a configuration, or keep the old one and raise `ConfigError`.

        An unchanged target keeps its snapshot and its page boundaries. A changed one starts over, but
        continues the budget of its account; its old walk is cancelled.

        :raises ConfigError: if a target's credential or certificates cannot be read. Nothing has changed.
        """
        kept = {t.name: self.runtimes[t.name] for t in config.targets if self._is_unchanged(t)}
        ending = [runtime for name, runtime in self.runtimes.items() if name not in kept]
        started = self._start([t for t in config.targets if t.name not in kept], config.objectives, ending)
        for runtime in kept.values():
            runtime.reconfigure(config.objectives)
        self.runtimes = {target.name: (kept | started)[target.name] for target in config.targets}
        for runtime in ending:
            runtime.close()

    def application(
        self,
        *,
        telemetry_path: str,
        max_requests: int,
        reload: Callable[[], None] | None = None,
        external_url: ExternalUrl | None = None,
        web_reloads: WebReloadCollector | None = None,
    ) -> ConcurrencyLimitMiddleware:
        """Return the ASGI application, which always serves the targets of the current configuration.

        :param telemetry_path: the path of the metrics.
        :param max_requests: the largest number of concurrent scrapes, and of concurrent pages.
        :param reload: reloads the configuration for `/-/reload`; `None` disables that endpoint.
        :param external_url: where clients reach the exporter; `None` takes it from each request.
        :param web_reloads: the state of the web configuration, if there is one.
        """
        reloads = [self.reloads] if web_reloads is None else [self.reloads, web_reloads]
        app = create_application(
            lambda: self.scrapers,
            own_collectors(
                self.own_metrics, self._budget_states, CredentialCollector(self._expiries), *reloads
            ),
            telemetry_path=telemetry_path,
            max_requests=max_requests,
            reload=reload,
            external_url=external_url,
            clock=self.clock,
        )
        return ConcurrencyLimitMiddleware(
            app,
            max_requests,
            partial(request_kind, telemetry_path=telemetry_path),
            count_refusal=self.own_metrics.count_refusal,
        )

    @property
    def scrapers(self) -> Mapping[str, Scraper]:
        """The scraper of each target, by its name."""
        return {name: runtime.scraper for name, runtime in self.runtimes.items()}

    def release_scrapes(self) -> None:
        """End every waiting scrape without waiting for its walk."""
        for scraper in self.scrapers.values():
            scraper.close()

    def close(self) -> None:
        """Cancel every walk and close every connection to the API."""
        for runtime in self.runtimes.values():
            runtime.close()

    def _is_unchanged(self, target: Target) -> bool:
        return target.name in self.runtimes and self.runtimes[target.name].target == target

    def _start(
        self, targets: Sequence[Target], objectives: Sequence[Objective], ending: Sequence[TargetRuntime]
    ) -> dict[str, TargetRuntime]:
        """Start new and changed targets: all of them, or none if one raises `ConfigError`."""
        budgets = inherited_budgets(targets, ending)
        started: dict[str, TargetRuntime] = {}
        try:
            for target in targets:
                started[target.name] = self._factory.create(target, objectives, budgets.get(target.name))
        except ConfigError:
            for runtime in started.values():
                runtime.close()
            raise
        for name, budget in budgets.items():  # only now: an error above must not change a budget in use
            target = started[name].target
            budget.reconfigure(tier=target.api_tier, share=target.budget_share)
        return started

    def _budget_states(self) -> dict[str, BudgetState]:
        return {name: runtime.api.budget.state for name, runtime in self.runtimes.items()}

    def _expiries(self) -> dict[str, float | None]:
        return {name: runtime.api.credential_expiry for name, runtime in self.runtimes.items()}
