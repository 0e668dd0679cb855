"""The dashboards' JSON files."""

import json
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from msgspec.structs import replace

from alerts.source.settings import Settings
from dashboards.source.capacity import capacity
from dashboards.source.compliance import compliance
from dashboards.source.exporter import exporter
from dashboards.source.fleet import TEAM
from dashboards.source.instance import instance
from dashboards.source.overview import overview

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | None"
FILES: Final[Mapping[str, Callable[[Settings], Dashboard]]] = {
    "overview.json": overview,
    "instance.json": instance,
    "compliance.json": compliance,
    "capacity.json": lambda _: capacity(),
    "exporter.json": exporter,
}
EXPORTER: Final = "http://localhost:10140"
"""Where the exporter's pages are unless a setting says it."""
TEAM_LABEL: Final = f"label_{TEAM}"
LABELS: Final = "cluster, namespace, job"
QUOTED_LABELS: Final = '"cluster", "namespace", "job", "target"'
"""What queries write wherever they tell accounts apart; further labels follow."""


def rendered(name: str, settings: Settings) -> str:
    """Return a dashboard's JSON."""
    built = _with_labels(decoded(name, with_urls(settings)), settings)
    return json.dumps(built, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def with_urls(settings: Settings) -> Settings:
    """Return the settings with URLs where none are set: a dashboard has the links anyway."""
    return replace(
        settings,
        runbooks=settings.runbooks or Settings().runbooks,
        exporter=settings.exporter.rstrip("/") or EXPORTER,
    )


def decoded(name: str, settings: Settings) -> Json:
    """Return a dashboard as lists and mappings; its labels are the default ones."""
    built: Json = json.loads(json.dumps(FILES[name](settings).build(), cls=JSONEncoder))
    return built


def _with_labels(value: Json, settings: Settings) -> Json:
    """Return JSON with the labels of the settings in all of its texts."""
    if isinstance(value, dict):
        return {key: _with_labels(item, settings) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_labels(item, settings) for item in value]
    return _labelled(value, settings) if isinstance(value, str) else value


def _labelled(text: str, settings: Settings) -> str:
    unquoted = "".join(f", {label}" for label in settings.labels)
    quoted = "".join(f', "{label}"' for label in settings.labels)
    text = text.replace(TEAM_LABEL, f"label_{settings.team}")
    return text.replace(LABELS, LABELS + unquoted).replace(QUOTED_LABELS, QUOTED_LABELS + quoted)
