"""The exporter's own metrics: its API requests, its request budgets, its reloads and its process."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from exporter.errors import Reason
from exporter.results import BudgetState

DURATION_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class OwnMetrics:
    """The counters that live as long as the process.

    :param refusal_reasons: the values of `reason` that `count_refusal` accepts. Each one starts at 0, so that
        `increase()` sees the first refusal.
    """

    def __init__(self, refusal_reasons: Iterable[str] = ()) -> None:
        # The `_created` samples would double their number.
        disable_created_metrics()  # type: ignore[no-untyped-call] # prometheus_client has no annotations here
        self.requests = Counter(
            "bycloud_api_requests",
            "Requests to the API, by HTTP status code, or by failure reason if no complete response arrived.",
            ["target", "code"],
            registry=None,
        )
        self.duration = Histogram(
            "bycloud_api_request_duration_seconds",
            "Time from sending a request to the API to the end of its response.",
            ["target"],
            buckets=DURATION_BUCKETS,
            registry=None,
        )
        self.retries = Counter(
            "bycloud_api_retries",
            "Retried requests to the API, by the reason of the failure.",
            ["target", "reason"],
            registry=None,
        )
        self.refused = Counter(
            "bycloud_exporter_refused_requests",
            "Requests that the exporter refused and connections that it closed, by reason.",
            ["reason"],
            registry=None,
        )
        self._refusals = {str(reason): self.refused.labels(str(reason)) for reason in refusal_reasons}
        self.build = Info("bycloud_exporter_build", "Version of the exporter and of Python.", registry=None)
        self.build.info({"version": __version__, "python_version": platform.python_version()})

    def __repr__(self) -> str:
        return f"OwnMetrics({list(self._refusals)})"

    def count_refusal(self, reason: str) -> None:
        """Count a refused request or a closed connection.

        :raises KeyError: `reason` is not one of the refusal reasons.
        """
        self._refusals[reason].inc()

    def observer(self, target: str) -> "TargetObserver":
        """Return an observer of one target's requests to the API."""
        return TargetObserver(self, target)

    @property
    def collectors(self) -> tuple[MetricWrapperBase, ...]:
        """The metrics, as collectors for a registry."""
        return (self.requests, self.duration, self.retries, self.refused, self.build)


class TargetObserver:
    """Counts one target's requests to the API."""

    def __init__(self, own_metrics: OwnMetrics, target: str) -> None:
        self._metrics = own_metrics
        self._target = target

    def __repr__(self) -> str:
        return f"TargetObserver({self._target!r})"

    def requested(self, code: str, seconds: float) -> None:
        """Count a request.

        :param code: the HTTP status code, or the failure reason if no complete response arrived.
        :param seconds: its duration.
        """
        self._metrics.requests.labels(self._target, code).inc()
        self._metrics.duration.labels(self._target).observe(seconds)

    def retried(self, reason: Reason) -> None:
        """Count a retry."""
        self._metrics.retries.labels(self._target, reason.value).inc()


class BudgetCollector(Collector):
    """Collects each target's request budget: the `minute` as the API reports it, the `hour` as counted here.

    :param budgets: returns the state of each target's budget, by target name.
    """

    LABELS: Final = ("target", "window")
    LIMIT: Final = (
        "bycloud_api_budget_requests",
        "API requests allowed per window; for the hour, this exporter's share.",
    )
    REMAINING: Final = ("bycloud_api_budget_remaining_requests", "API requests left in the current window.")
    RESET: Final = (
        "bycloud_api_budget_reset_timestamp_seconds",
        "When the window allows more requests again, as a Unix timestamp.",
    )

    def __init__(self, budgets: Callable[[], Mapping[str, BudgetState]]) -> None:
        self._budgets = budgets

    def __repr__(self) -> str:
        return f"BudgetCollector({sorted(self._budgets())})"

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return the families without samples."""
        for name, text in (self.LIMIT, self.REMAINING, self.RESET):
            yield GaugeMetricFamily(name, text, labels=self.LABELS)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the families; what is unknown has no sample."""
        limit, remaining, reset = self.describe()
        for target, state in self._budgets().items():
            _add(limit, target, "minute", state.minute_limit)
            _add(remaining, target, "minute", state.minute_remaining)
            _add(reset, target, "minute", state.minute_reset)
            _add(limit, target, "hour", state.hour_share)
            _add(remaining, target, "hour", state.hour_remaining)
            _add(reset, target, "hour", state.hour_reset)
        yield from (family for family in (limit, remaining, reset) if family.samples)


class ReloadCollector(Collector):
    """Collects whether the last reload of the configuration succeeded.

    The code that reloads sets `successful` and `loaded_at`, the Unix time of the last successful reload.
    """

    SUCCESSFUL: ClassVar = (
        "bycloud_exporter_config_last_reload_successful",
        "1 if the last reload of the configuration succeeded, else 0.",
    )
    TIMESTAMP: ClassVar = (
        "bycloud_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration was last reloaded successfully, as a Unix timestamp.",
    )

    def __init__(self, loaded_at: float) -> None:
        self.successful = True
        self.loaded_at = loaded_at

    def __repr__(self) -> str:
        return f"{type(self).__name__}(successful={self.successful}, loaded_at={self.loaded_at})"

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return the families."""
        yield from self.collect()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the families."""
        yield GaugeMetricFamily(*self.SUCCESSFUL, value=self.successful)
        yield GaugeMetricFamily(*self.TIMESTAMP, value=self.loaded_at)


class WebReloadCollector(Collector):
    """Collects the same for `--web.config.file` and the certificates that it names."""

    SUCCESSFUL: ClassVar = (
        "bycloud_exporter_web_config_last_reload_successful",
        "1 if the last reload of --web.config.file and its certificates succeeded, else 0.",
    )
    TIMESTAMP: ClassVar = (
        "bycloud_exporter_web_config_last_reload_success_timestamp_seconds",
        "When --web.config.file and its certificates were last reloaded successfully, as a Unix timestamp.",
    )

    def __init__(self, last_reload: Callable[[], tuple[bool, float]]) -> None:
        """Create the collector.

        :param last_reload: returns whether the last reload succeeded, and the Unix time of the last success.
        """
        self._last_reload = last_reload

    def __repr__(self) -> str:
        return f"WebReloadCollector{self._last_reload()}"

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Build the families from the current state."""
        successful, loaded_at = self._last_reload()
        yield GaugeMetricFamily(*self.SUCCESSFUL, value=successful)
        yield GaugeMetricFamily(*self.TIMESTAMP, value=loaded_at)


def own_collectors(
    own_metrics: OwnMetrics, budgets: Callable[[], Mapping[str, BudgetState]], *others: Collector
) -> tuple[Collector, ...]:
    """Return the collectors of all metrics of the exporter, its process and Python.

    :param budgets: returns the state of each target's budget, by target name.
    :param others: the collectors of credentials and reloads.
    """
    unused = CollectorRegistry()  # these two insist on a registry
    return (
        *own_metrics.collectors,
        BudgetCollector(budgets),
        *others,
        ProcessCollector(registry=None),
        PlatformCollector(registry=unused),
        GCCollector(registry=unused),
    )


def _add(family: GaugeMetricFamily, target: str, window: str, value: float | None) -> None:
    if value is not None:
        family.add_metric((target, window), value)
