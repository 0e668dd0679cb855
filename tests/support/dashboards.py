"""The dashboards' JSON files, and the panels in them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "dashboards"
DASHBOARDS: Final = sorted(FOLDER.glob("*.json"))
Json = Mapping[str, Any]


def panels(dashboard: Json) -> Iterator[Json]:
    """Yield every panel that shows data."""
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
