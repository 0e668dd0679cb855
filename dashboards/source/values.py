"""How values are shown: units, colours, and names."""

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

GREEN: Final = "green"
RED: Final = "red"
BLUE: Final = "blue"
ORANGE: Final = "orange"
GREY: Final = "#7b8087"
"""Neither good nor bad: unknown, or not judged."""
DAYS: Final = "suffix: d"
SECONDS: Final = "suffix: s"
MINUTES: Final = "suffix: min"
HOURS: Final = "suffix: h"
"""For values in hours: the ticks of an axis in seconds are at 2.78 h."""
Steps = Sequence[tuple[float | None, str]]
State = tuple[str, str]
"""What a value is called and its colour."""
Named = Mapping[int, State] | Mapping[float, State] | Mapping[str, State]
Ranges = Mapping[tuple[float, float | None], State]
"""By the first value and the last one, which may be missing."""


def thresholds(steps: Steps) -> builders.ThresholdsConfig:
    """Return the colours from each value on; the first has no value."""
    return (
        builders.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value, color) for value, color in steps])
    )


def ranges(named: Ranges) -> list[dashboard.ValueMapping]:
    """Return the names of values in a range, its bounds included."""
    return [
        dashboard.RangeMap(
            dashboard.DashboardRangeMapOptions(
                first, last, dashboard.ValueMappingResult(text=text, color=color, index=100 + place)
            )
        )
        for place, ((first, last), (text, color)) in enumerate(named.items())
    ]


def states(named: Named) -> list[dashboard.ValueMapping]:
    """Return the names of single values."""
    options = {
        f"{value}" if isinstance(value, str) else f"{value:g}": dashboard.ValueMappingResult(
            text=text, color=color, index=place
        )
        for place, (value, (text, color)) in enumerate(named.items())
    }
    return [dashboard.ValueMap(options)]


def nothing(text: str, color: str) -> dashboard.ValueMapping:
    """Return what is shown if there is no value."""
    result = dashboard.ValueMappingResult(text=text, color=color)
    return dashboard.SpecialValueMap(
        dashboard.DashboardSpecialValueMapOptions(dashboard.SpecialValueMatch.NULL_AND_NAN, result)
    )
