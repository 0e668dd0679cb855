"""What happens to the budgets of targets in a reload."""

from pathlib import Path

import pytest

from exporter.app.exporter import Exporter
from exporter.config import Config, Secret, Target
from exporter.errors import ConfigError
from tests.support.rate_limits import send
from tests.support.targets import MakeTarget, target


def spend(exporter: Exporter, name: str, requests: int) -> None:
    """Spend requests of a target's hour."""
    send(exporter.runtimes[name].api.budget, requests)


def hours(exporter: Exporter) -> dict[str, int | None]:
    """Return how many requests each target's hour has left."""
    return {name: runtime.api.budget.hour_remaining for name, runtime in exporter.runtimes.items()}


def test_a_changed_target_keeps_its_hour(make: MakeTarget) -> None:
    """With the same URL and credential, the requests that were sent count against the new share."""
    with Exporter(Config(targets=(make("a", api_tier="standard"),))) as exporter:
        spend(exporter, "a", 400)
        exporter.reconfigure(
            Config(targets=(make("a", api_tier="standard", budget_share=1.0, page_size=20),))
        )

        assert hours(exporter) == {"a": 600}
        assert exporter.scrapers["a"].budget is exporter.runtimes["a"].api.budget


def test_a_renamed_target_keeps_its_hour(make: MakeTarget) -> None:
    """The API counts by account and does not know the target's name."""
    with Exporter(Config(targets=(make("a", api_tier="standard"), make("b")))) as exporter:
        spend(exporter, "a", 400)
        exporter.reconfigure(Config(targets=(make("b"), make("c", api_tier="standard"))))

        assert hours(exporter)["c"] == 100


def test_no_two_targets_inherit_one_budget(make: MakeTarget) -> None:
    """Two targets of one account keep a budget each; a third one starts with a full hour."""
    targets = (make("a", api_tier="standard"), make("b", api_tier="standard"))
    with Exporter(Config(targets=targets)) as exporter:
        spend(exporter, "a", 100)
        spend(exporter, "b", 200)
        changed = tuple(make(name, api_tier="standard", page_size=20) for name in "cba")
        exporter.reconfigure(Config(targets=changed))

        assert hours(exporter) == {"a": 400, "b": 300, "c": 500}


@pytest.mark.parametrize(
    "other",
    [
        target("a", "http://127.0.0.1:9", api_tier="standard"),
        target("a", "http://127.0.0.1:8", api_tier="standard", api_key=Secret("other:key")),
    ],
    ids=["url", "credential"],
)
def test_another_account_starts_with_a_full_hour(other: Target) -> None:
    """Another URL or credential is another account."""
    with Exporter(Config(targets=(target("a", "http://127.0.0.1:8", api_tier="standard"),))) as exporter:
        spend(exporter, "a", 400)
        exporter.reconfigure(Config(targets=(other,)))

        assert hours(exporter) == {"a": 500}


def test_an_unusable_configuration_changes_no_budget(make: MakeTarget, tmp_path: Path) -> None:
    """The old share remains with the old configuration."""
    with Exporter(Config(targets=(make("a", api_tier="standard"),))) as exporter:
        unreadable = target("bad", api_key_file=tmp_path / "missing")
        with pytest.raises(ConfigError):
            exporter.reconfigure(
                Config(targets=(make("a", api_tier="standard", budget_share=1.0), unreadable))
            )

        assert exporter.runtimes["a"].api.budget.hour_share == 500
