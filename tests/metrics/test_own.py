"""The exporter's own metrics."""

import platform

from prometheus_client import CollectorRegistry, generate_latest

from exporter import __version__
from exporter.api.budget import Budget
from exporter.errors import Reason
from exporter.metrics.own import BudgetCollector, OwnMetrics, ReloadCollector, own_collectors
from exporter.server.refusals import Refusal
from tests.conftest import Promtool
from tests.support.answers import NOW, FixedClock


def registry(*collectors: object) -> CollectorRegistry:
    """Inventory them all, as for a request."""
    made = CollectorRegistry(auto_describe=True)
    for collector in collectors:
        made.register(collector)  # type: ignore[arg-type] # Collector, of whichever kind
    return made


def budget(**headers: int) -> Budget:
    """Make a budget that has seen these headers and sent a request."""
    made = Budget(share=0.5, clock=FixedClock())
    made.take()
    made.observe(200, {f"X-RateLimit-{name}": str(value) for name, value in headers.items()})
    return made


def test_requests_are_counted_by_target_and_code() -> None:
    """An answer by its status, none by its reason; each adds to the histogram."""
    own_metrics = OwnMetrics()
    own_metrics.observer("a").requested("200", 0.02)
    own_metrics.observer("a").requested("200", 3)
    own_metrics.observer("a").requested(Reason.TIMEOUT, 11)
    own_metrics.observer("b").retried(Reason.CONNECTION)
    found = registry(*own_metrics.collectors)

    assert found.get_sample_value("bycloud_api_requests_total", {"target": "a", "code": "200"}) == 2
    assert found.get_sample_value("bycloud_api_requests_total", {"target": "a", "code": "timeout"}) == 1
    assert found.get_sample_value("bycloud_api_retries_total", {"target": "b", "reason": "connection"}) == 1
    assert found.get_sample_value("bycloud_api_request_duration_seconds_count", {"target": "a"}) == 3
    assert found.get_sample_value("bycloud_api_request_duration_seconds_sum", {"target": "a"}) == 14.02
    assert (
        found.get_sample_value("bycloud_api_request_duration_seconds_bucket", {"target": "a", "le": "5.0"})
        == 2
    )


def test_build_info() -> None:
    """It names the versions."""
    labels = {"version": __version__, "python_version": platform.python_version()}

    assert registry(*OwnMetrics().collectors).get_sample_value("bycloud_exporter_build_info", labels) == 1


def test_budgets_of_both_windows() -> None:
    """The minute as the API says, the hour as counted here and by our share."""
    known = budget(Limit=60, Remaining=59, Reset=int(NOW) + 20)
    found = registry(BudgetCollector(lambda: {"a": known}))

    def sample(name: str, window: str) -> float | None:
        return found.get_sample_value(f"bycloud_api_budget_{name}", {"target": "a", "window": window})

    assert [sample("requests", "minute"), sample("requests", "hour")] == [60, 500]
    assert [sample("remaining_requests", "minute"), sample("remaining_requests", "hour")] == [59, 499]
    assert sample("reset_timestamp_seconds", "minute") == NOW + 20
    assert sample("reset_timestamp_seconds", "hour") == NOW + 3600


def test_an_unknown_budget_has_no_samples() -> None:
    """Neither of an API without the headers, nor of the hour where the limit names no tier."""
    empty = BudgetCollector(lambda: {"a": budget()})
    odd = BudgetCollector(lambda: {"a": budget(Limit=77, Remaining=7)})

    assert list(empty.collect()) == []
    assert [family.name for family in empty.describe()] == [family.name for family in odd.collect()]
    assert {sample.labels["window"] for family in odd.collect() for sample in family.samples} == {"minute"}


def test_reloads() -> None:
    """A failed one is shown, with the time of the last good one."""
    reload = ReloadCollector(NOW)
    before = [family.samples[0].value for family in reload.collect()]
    reload.successful = False
    after = [family.samples[0].value for family in reload.collect()]

    assert (before, after) == ([1, NOW], [0, NOW])
    assert [family.name for family in reload.describe()] == [
        "bycloud_exporter_config_last_reload_successful",
        "bycloud_exporter_config_last_reload_success_timestamp_seconds",
    ]


def test_all_of_it_in_one_exposition(promtool: Promtool) -> None:
    """Process and Python included, without `_created` samples, and nothing that promtool would mend."""
    own_metrics = OwnMetrics()
    own_metrics.observer("a").requested("200", 0.02)
    own_metrics.observer("a").retried(Reason.CONNECTION)
    own = own_collectors(own_metrics, lambda: {"a": budget(Limit=60, Remaining=59)}, ReloadCollector(NOW))
    text = generate_latest(registry(*own)).decode()

    assert "_created" not in text
    assert {"process_cpu_seconds_total", "python_info", "python_gc_collections_total"} <= {
        line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")
    }
    assert promtool(text) == ""


def test_refusals_are_counted_by_reason() -> None:
    """Every reason begins at 0, so that the first refusal is an increase."""
    own_metrics = OwnMetrics()
    own_metrics.count_refusal(Refusal.UNAUTHORIZED)
    found = registry(*own_metrics.collectors)
    counts = {
        reason: found.get_sample_value("bycloud_exporter_refused_requests_total", {"reason": reason})
        for reason in Refusal
    }

    assert counts.pop(Refusal.UNAUTHORIZED) == 1
    assert set(counts.values()) == {0}
