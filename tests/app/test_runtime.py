"""What runs for one target."""

from pathlib import Path

import pytest

from exporter.api.budget import Budget
from exporter.app.runtime import RuntimeFactory
from exporter.clock import Clock
from exporter.config import Config, Secret
from exporter.errors import ConfigError
from exporter.metrics.own import OwnMetrics
from tests.support.targets import MakeTarget, target

OBJECTIVES = Config().objectives


@pytest.fixture
def factory() -> RuntimeFactory:
    """Return a factory on the machine's clock."""
    return RuntimeFactory(OwnMetrics(), Clock())


def test_client_and_scraper_share_one_budget(factory: RuntimeFactory, make: MakeTarget) -> None:
    """A budget that is passed in is continued."""
    budget = Budget(clock=Clock())
    runtime = factory.create(make("a"), OBJECTIVES, budget)
    runtime.close()

    assert runtime.api.budget is runtime.scraper.budget is budget


def test_without_a_budget_a_new_one_is_started(factory: RuntimeFactory, make: MakeTarget) -> None:
    """It has the target's tier and share."""
    runtime = factory.create(make("a", api_tier="standard", budget_share=0.2), OBJECTIVES, None)
    runtime.close()

    assert runtime.api.budget.hour_share == 200


def test_an_unreadable_credential_is_an_error_at_once(factory: RuntimeFactory, tmp_path: Path) -> None:
    """The error is raised before the first walk, and names the file."""
    with pytest.raises(ConfigError, match="missing"):
        factory.create(target(api_key_file=tmp_path / "missing"), OBJECTIVES, None)


def test_representations_hide_the_credential(factory: RuntimeFactory) -> None:
    """The factory shows its thread for deadlines, a runtime its parts, and neither shows the key."""
    runtime = factory.create(target(api_key=Secret("id:hidden")), OBJECTIVES, None)
    runtime.close()

    assert repr(factory) == "RuntimeFactory(Deadlines(NOT_STARTED, 0 exchanges))"
    assert "hidden" not in repr(runtime)
