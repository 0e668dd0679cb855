"""Tests of `exporter.metrics.own`."""

import platform

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from exporter import __version__
from exporter.errors import Reason
from exporter.metrics.own import BudgetCollector, OwnMetrics, ReloadCollector, own_collectors
from exporter.results import BudgetState
from tests.conftest import Promtool
from tests.support.scrape_results import NOW

UNKNOWN = BudgetState(
    minute_limit=None,
    minute_remaining=None,
    minute_reset=None,
    hour_share=None,
    hour_remaining=None,
    hour_reset=None,
)
MINUTE = replace(UNKNOWN, minute_limit=60, minute_remaining=59, minute_reset=NOW + 20)
BOTH = replace(MINUTE, hour_share=500, hour_remaining=499, hour_reset=NOW + 3600)


def registry_of(*collectors: Collector) -> CollectorRegistry:
    """Return a registry of these collectors, as for a request."""
    registry = CollectorRegistry(auto_describe=True)
    for collector in collectors:
        registry.register(collector)
    return registry


def test_requests_are_counted_by_target_and_code() -> None:
    """A request without a complete response counts by its failure reason; the histogram has all of them."""
    own_metrics = OwnMetrics()
    own_metrics.observer("a").requested("200", 0.02)
    own_metrics.observer("a").requested("200", 3)
    own_metrics.observer("a").requested(Reason.TIMEOUT, 11)
    own_metrics.observer("b").retried(Reason.CONNECTION)
    value = registry_of(*own_metrics.collectors).get_sample_value

    assert value("bycloud_api_requests_total", {"target": "a", "code": "200"}) == 2
    assert value("bycloud_api_requests_total", {"target": "a", "code": "timeout"}) == 1
    assert value("bycloud_api_retries_total", {"target": "b", "reason": "connection"}) == 1
    assert value("bycloud_api_request_duration_seconds_count", {"target": "a"}) == 3
    assert value("bycloud_api_request_duration_seconds_sum", {"target": "a"}) == 14.02
    assert value("bycloud_api_request_duration_seconds_bucket", {"target": "a", "le": "5.0"}) == 2


def test_build_info_names_the_versions() -> None:
    """The exporter's own and Python's."""
    labels = {"version": __version__, "python_version": platform.python_version()}
    registry = registry_of(*OwnMetrics().collectors)

    assert registry.get_sample_value("bycloud_exporter_build_info", labels) == 1


def test_budgets_have_two_windows() -> None:
    """The minute and the hour each have a limit, the remaining requests and a reset time."""
    registry = registry_of(BudgetCollector(lambda: {"a": BOTH}))

    def values(name: str) -> list[float | None]:
        return [
            registry.get_sample_value(f"bycloud_api_budget_{name}", {"target": "a", "window": window})
            for window in ("minute", "hour")
        ]

    assert values("requests") == [60, 500]
    assert values("remaining_requests") == [59, 499]
    assert values("reset_timestamp_seconds") == [NOW + 20, NOW + 3600]


def test_an_unknown_budget_has_no_samples() -> None:
    """Each window is known or unknown on its own."""
    unknown = BudgetCollector(lambda: {"a": UNKNOWN})
    minute = BudgetCollector(lambda: {"a": MINUTE})

    assert list(unknown.collect()) == []
    assert [family.name for family in unknown.describe()] == [family.name for family in minute.collect()]
    assert {sample.labels["window"] for family in minute.collect() for sample in family.samples} == {"minute"}


def test_a_failed_reload_keeps_the_time_of_the_last_success() -> None:
    """The collector names both families in advance."""
    reload = ReloadCollector(NOW)
    before = [family.samples[0].value for family in reload.collect()]
    reload.successful = False
    after = [family.samples[0].value for family in reload.collect()]

    assert (before, after) == ([1, NOW], [0, NOW])
    assert [family.name for family in reload.describe()] == [
        "bycloud_exporter_config_last_reload_successful",
        "bycloud_exporter_config_last_reload_success_timestamp_seconds",
    ]


def test_promtool_accepts_all_own_metrics(promtool: Promtool) -> None:
    """Process and Python metrics are included, `_created` samples are not."""
    own_metrics = OwnMetrics(["unauthorized"])
    own_metrics.observer("a").requested("200", 0.02)
    own_metrics.observer("a").retried(Reason.CONNECTION)
    own = own_collectors(own_metrics, lambda: {"a": BOTH}, ReloadCollector(NOW))
    text = generate_latest(registry_of(*own)).decode()

    assert "_created" not in text
    assert {"process_cpu_seconds_total", "python_info", "python_gc_collections_total"} <= {
        line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")
    }
    assert promtool(text) == ""


def test_refusals_are_counted_by_reason() -> None:
    """Every reason starts at 0, so that the first refusal is an increase."""
    own_metrics = OwnMetrics(["unauthorized", "too_large"])
    own_metrics.count_refusal("unauthorized")
    registry = registry_of(*own_metrics.collectors)
    counts = [
        registry.get_sample_value("bycloud_exporter_refused_requests_total", {"reason": reason})
        for reason in ("unauthorized", "too_large")
    ]

    assert counts == [1, 0]


def test_own_metrics_show_what_they_count() -> None:
    """Their `repr` is for debugging."""
    own_metrics = OwnMetrics(["unauthorized"])

    assert repr(own_metrics) == "OwnMetrics(['unauthorized'])"
    assert repr(own_metrics.observer("a")) == "TargetObserver('a')"
    assert repr(BudgetCollector(lambda: {"b": BOTH, "a": BOTH})) == "BudgetCollector(['a', 'b'])"
    assert repr(ReloadCollector(NOW)) == f"ReloadCollector(successful=True, loaded_at={NOW})"


def test_an_unknown_refusal_is_an_error() -> None:
    """An undeclared reason would have no alert."""
    with pytest.raises(KeyError):
        OwnMetrics(["unauthorized"]).count_refusal("other")
