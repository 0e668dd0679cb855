"""The mixin: built with Jsonnet, it is what the generator writes."""

import json
from pathlib import Path
from typing import Any, Final

import _jsonnet  # type: ignore[import-untyped] # it has no types
import pytest
import yaml

from alerts.source.mixin import mixin
from alerts.source.rendering import rendered
from alerts.source.settings import Settings
from alerts.source.symbols import Symbol
from dashboards.source.files import FILES as DASHBOARDS
from dashboards.source.files import rendered as dashboard

ROOT: Final = Path(__file__).parents[2]
OTHERS: Final = Settings(
    selector='job="backups"',
    labels=("environment", "region"),
    team="owner",
    runbooks="",
    dashboard="https://grafana.example/d/one?orgId=2",
    exporter="https://exporter.example/",
    stale_seconds=7200,
    limited_seconds=60,
    size_ratio=0.25,
    count_ratio=0.3,
    slow_ratio=3,
    slow_seconds=1,
    piling_ratio=1.5,
    quota_ratio=0.8,
    credential_seconds=86400,
    compliance=0.995,
    burn_ratio=0.2,
)
"""None is the default."""


def _built(settings: Settings) -> dict[str, Any]:
    values = {name: getattr(settings, name) for name in settings.__struct_fields__}
    library = ROOT / "alerts" / "mixin.libsonnet"
    program = f"""
        local mixin = (import '{library}') + {{ _config+:: {json.dumps(values)} }};
        {{ rules: mixin.prometheusAlerts, dashboards: mixin.grafanaDashboards }}
    """
    built: dict[str, Any] = json.loads(_jsonnet.evaluate_snippet("test", program))
    return built


def test_every_setting_is_changed_below() -> None:
    """The settings of the test differ from the defaults in everything."""
    defaults = Settings()

    assert all(getattr(OTHERS, name) != getattr(defaults, name) for name in OTHERS.__struct_fields__)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [Settings(), OTHERS], ids=["default", "changed"])
def test_jsonnet_builds_the_rules_of_the_generator(settings: Settings) -> None:
    """The mixin's rules are those that the generator writes with the same settings."""
    assert _built(settings)["rules"] == yaml.safe_load(rendered(settings))


@pytest.mark.slow
@pytest.mark.parametrize("settings", [Settings(), OTHERS], ids=["default", "changed"])
def test_jsonnet_builds_the_dashboards_of_the_generator(settings: Settings) -> None:
    """The mixin's dashboards are those that the generator writes with the same settings."""
    assert _built(settings)["dashboards"] == {
        name: json.loads(dashboard(name, settings)) for name in DASHBOARDS
    }


@pytest.mark.slow
def test_jsonnet_builds_the_shipped_files() -> None:
    """With its defaults, the mixin is the rules file and the dashboards that ship."""
    built = _built(Settings())
    shipped = {path.name: json.loads(path.read_text()) for path in (ROOT / "dashboards").glob("*.json")}

    assert built["rules"] == yaml.safe_load((ROOT / "alerts" / "bycloud-backups.rules.yml").read_text())
    assert built["dashboards"] == shipped


def test_each_setting_is_explained() -> None:
    """Each setting of the generator is in `_config`, below a comment."""
    lines = mixin().partition("_config+:: {\n")[2].partition("  },\n")[0].splitlines()

    assert [line.strip().partition(":")[0] for line in lines[1::2]] == list(Settings.__struct_fields__)
    assert all(line.startswith("    // ") for line in lines[::2])


def test_arithmetic_with_a_symbol_makes_a_formula() -> None:
    """Sums that the generator does with numbers are done by Jsonnet."""
    missed = (1 - Symbol("config.compliance")) * 30

    assert repr(missed / Symbol("config.burn")) == "Symbol('(((1 - config.compliance) * 30) / config.burn)')"
    assert f"{missed:g}" == "\x01g|((1 - config.compliance) * 30)\x02"
