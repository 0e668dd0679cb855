"""Panels of one number on a coloured background."""

from collections.abc import Mapping
from typing import Final

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat
from grafana_foundation_sdk.models import common, dashboard
from msgspec import Struct

from dashboards.source.panels import Words, instant, worded
from dashboards.source.queries import BY_TARGET, DATA_AGE, NEVER_READ, WALK_INTERVAL
from dashboards.source.values import (
    GREEN,
    GREY,
    RED,
    Named,
    Ranges,
    Steps,
    nothing,
    ranges,
    states,
    thresholds,
)


class Tile(Struct, frozen=True, kw_only=True):
    """How a tile shows its number.

    :param steps: the colours from each value on.
    :param named: what single values are called, and their colours.
    :param ranges: the same for values in a range.
    :param missing: the colour if there is no value.
    :param second: the colour of a second query's value, and what values are called there.
    :param link: URL of what the number counts.
    """

    steps: Steps = ((None, GREY),)
    named: Named = {}
    ranges: Ranges = {}
    decimals: int = 0
    missing: str = GREY
    second: tuple[str, Mapping[int, str]] = (GREY, {0: "0 known", 1: "100 % known"})
    link: str = ""

    def mappings(self, no_value: str) -> list[dashboard.ValueMapping]:
        """Return the texts and colours of all values, and of none."""
        return [*states(self.named), *ranges(self.ranges), nothing(no_value, self.missing)]

    def second_overrides(self) -> list[dashboard.DynamicConfigValue]:
        """Return the overrides of a second query's value."""
        color, texts = self.second
        named = states({value: (text, color) for value, text in texts.items()})
        return [
            dashboard.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": color}),
            dashboard.DynamicConfigValue("mappings", [mapping.to_json() for mapping in named]),
        ]


NONE_IS_GOOD: Final = ((None, GREEN), (1, RED))


def tile(words: Words, style: Tile, query: str, second: str = "") -> stat.Panel:
    """Return a stat with a coloured background.

    :param second: has a value only while `query` has none: by default the last known one, in grey.
    """
    panel = (
        stat.Panel()
        .thresholds(thresholds(style.steps))
        .mappings(style.mappings(words.no_value))
        .decimals(style.decimals)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(common.BigValueGraphMode.NONE)
        .justify_mode(common.BigValueJustifyMode.CENTER)
        .text_mode(common.BigValueTextMode.VALUE)
        .with_target(instant(query, "A").legend_format(words.title))
    )
    if second:
        panel = panel.with_target(instant(second, "B").legend_format(words.title))
        panel = panel.override_by_query("B", style.second_overrides())
    if style.link:
        panel = panel.data_links([builders.DashboardLink("What it counts").url(style.link)])
    return worded(panel, words)


def data_age_tile(link: str) -> Tile:
    """Return how the age of data is shown: red from when its alert fires, and if there has never been any."""
    return Tile(
        steps=((None, GREEN),),
        second=(RED, {}),
        ranges={(NEVER_READ, None): ("never read", RED)},
        missing=RED,
        decimals=1,  # so that one hour and a half is neither one nor two
        link=link,
    )


def data_age_queries(stale_seconds: int, ages: str = DATA_AGE) -> tuple[str, str]:
    """Return the oldest data's age where nothing is late or something was never read, and that of late data.

    :param stale_seconds: how late data is that is too old.
    :param ages: the age of each target's data.
    """
    late = f"max({ages} > on ({BY_TARGET}) ({WALK_INTERVAL} + {stale_seconds})) < {NEVER_READ:g}"
    return f"max({ages}) unless on () {late}", late
