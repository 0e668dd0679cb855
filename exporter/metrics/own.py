"""The exporter's own metrics: what it asked of the API, what the API lets it ask, and what it is itself."""

import platform
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final

from prometheus_client import (
    Counter,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector, CollectorRegistry

from exporter import __version__
from exporter.api.budget import Budget
from exporter.errors import Reason
from exporter.server.refusals import Refusal

SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class OwnMetrics:
    """Counters that live as long as the process. `observer` gives each target's client its own view."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a sample more for each, which nobody asks for
        self.requests = Counter(
            "bycloud_api_requests",
            "Requests to the API, by HTTP status, or by the reason why no whole answer came.",
            ["target", "code"],
            registry=None,
        )
        self.duration = Histogram(
            "bycloud_api_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ["target"],
            buckets=SECONDS,
            registry=None,
        )
        self.retries = Counter(
            "bycloud_api_retries",
            "Requests that were made again, by the reason why.",
            ["target", "reason"],
            registry=None,
        )
        self.refused = Counter(
            "bycloud_exporter_refused_requests",
            "Requests that the exporter refused, and connections that it ended, by the reason why.",
            ["reason"],
            registry=None,
        )
        for reason in Refusal:
            self.refused.labels(reason.value)  # begins at 0, so that `increase()` sees the first one
        self.build = Info("bycloud_exporter_build", "Version of the exporter and of Python.", registry=None)
        self.build.info({"version": __version__, "python_version": platform.python_version()})

    def count_refusal(self, reason: str) -> None:
        """Count a request that was refused, or a connection that was ended; `reason` is a `Refusal`."""
        self.refused.labels(Refusal(reason).value).inc()

    def observer(self, target: str) -> "TargetObserver":
        """Return what notes one target's requests."""
        return TargetObserver(self, target)

    @property
    def collectors(self) -> tuple[MetricWrapperBase, ...]:
        """Everything here that can be registered."""
        return (self.requests, self.duration, self.retries, self.refused, self.build)


class TargetObserver:
    """Notes one target's requests."""

    def __init__(self, own_metrics: OwnMetrics, target: str) -> None:
        self._instruments = own_metrics
        self._target = target

    def requested(self, code: str, seconds: float) -> None:
        """Note a request."""
        self._instruments.requests.labels(self._target, code).inc()
        self._instruments.duration.labels(self._target).observe(seconds)

    def retried(self, reason: Reason) -> None:
        """Note that a request is made again."""
        self._instruments.retries.labels(self._target, reason.value).inc()


class BudgetCollector(Collector):
    """Shows each target's budget: the `minute` as the API says, the `hour` as counted here."""

    LABELS: Final = ("target", "window")
    LIMIT: Final = (
        "bycloud_api_budget_requests",
        "Requests that the window allows; of the hour's, our share.",
    )
    REMAINING: Final = ("bycloud_api_budget_remaining_requests", "Requests that the window still allows.")
    RESET: Final = ("bycloud_api_budget_reset_timestamp_seconds", "When the window has room again.")

    def __init__(self, budgets: Callable[[], Mapping[str, Budget]]) -> None:
        self._budgets = budgets

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the families."""
        for name, text in (self.LIMIT, self.REMAINING, self.RESET):
            yield GaugeMetricFamily(name, text, labels=self.LABELS)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Make the families anew from what the budgets know."""
        limit, remaining, reset = self.describe()
        for target, budget in self._budgets().items():
            state = budget.state
            _add(limit, target, "minute", state.minute_limit)
            _add(remaining, target, "minute", state.minute_remaining)
            _add(reset, target, "minute", state.minute_reset)
            _add(limit, target, "hour", state.hour_limit)
            _add(remaining, target, "hour", state.hour_remaining)
            _add(reset, target, "hour", state.hour_reset)
        yield from (family for family in (limit, remaining, reset) if family.samples)


class ReloadCollector(Collector):
    """Shows whether the configuration in force is the newest, and since when."""

    SUCCESSFUL: ClassVar = (
        "bycloud_exporter_config_last_reload_successful",
        "1 if the configuration was last read without an error, else 0.",
    )
    TIMESTAMP: ClassVar = (
        "bycloud_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration was last read without an error.",
    )

    def __init__(self, loaded_at: float) -> None:
        self.successful = True
        self.loaded_at = loaded_at

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the families."""
        yield from self.collect()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Make the families anew."""
        yield GaugeMetricFamily(*self.SUCCESSFUL, value=self.successful)
        yield GaugeMetricFamily(*self.TIMESTAMP, value=self.loaded_at)


class WebReloadCollector(Collector):
    """Shows the same of `--web.config.file` and the certificates that it names."""

    SUCCESSFUL: ClassVar = (
        "bycloud_exporter_web_config_last_reload_successful",
        "1 if --web.config.file and the certificates it names were last read without an error, else 0.",
    )
    TIMESTAMP: ClassVar = (
        "bycloud_exporter_web_config_last_reload_success_timestamp_seconds",
        "When --web.config.file and the certificates it names were last read without an error.",
    )

    def __init__(self, last_reload: Callable[[], tuple[bool, float]]) -> None:
        """Ask `last_reload` for whether it succeeded, and for the Unix time of the last success."""
        self._last_reload = last_reload

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Build the families from the current state."""
        successful, loaded_at = self._last_reload()
        yield GaugeMetricFamily(*self.SUCCESSFUL, value=successful)
        yield GaugeMetricFamily(*self.TIMESTAMP, value=loaded_at)


def own_collectors(
    own_metrics: OwnMetrics, budgets: Callable[[], Mapping[str, Budget]], *reloads: Collector
) -> tuple[Collector, ...]:
    """Return all that the exporter serves of itself, its process and its Python."""
    aside = CollectorRegistry()
    return (
        *own_metrics.collectors,
        BudgetCollector(budgets),
        *reloads,
        ProcessCollector(registry=None),
        PlatformCollector(registry=aside),
        GCCollector(registry=aside),
    )


def _add(family: GaugeMetricFamily, target: str, window: str, value: float | None) -> None:
    if value is not None:
        family.add_metric((target, window), value)
