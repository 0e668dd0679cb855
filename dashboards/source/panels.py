"""Panels of numbers, curves and states, with a title, a description, a unit and a legend."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale
from msgspec import Struct

from alerts.source.settings import Settings
from dashboards.source.queries import BY_TARGET, DATA_AGE, NEVER_READ, WALK_INTERVAL

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
STALE_SECONDS: Final = Settings().stale_seconds
SOURCE: Final = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
Panel = stat.Panel | timeseries.Panel | statetimeline.Panel | table.Panel | heatmap.Panel
AnyPanel = TypeVar("AnyPanel", stat.Panel, timeseries.Panel, statetimeline.Panel, table.Panel, heatmap.Panel)
Ranged = TypeVar("Ranged", timeseries.Panel, statetimeline.Panel, heatmap.Panel)
Steps = Sequence[tuple[float | None, str]]
State = tuple[str, str]
"""What a value is called and its colour."""
Named = Mapping[int, State] | Mapping[float, State] | Mapping[str, State]
Ranges = Mapping[tuple[float, float | None], State]
"""By the first value and the last one, which may be missing."""


class Words(Struct, frozen=True):
    """The texts of a panel."""

    title: str
    description: str
    unit: str
    no_value: str = "no data"


class Query(Struct, frozen=True):
    """One query: `legend` names its series."""

    expression: str
    legend: str = ""


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
        return [*states(self.named), *ranges(self.ranges), _nothing(no_value, self.missing)]

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
        link=link,
    )


def data_age_queries(ages: str = DATA_AGE) -> tuple[str, str]:
    """Return the oldest data's age where nothing is late or something was never read, and that of late data.

    :param ages: the age of each target's data.
    """
    late = f"max({ages} > on ({BY_TARGET}) ({WALK_INTERVAL} + {STALE_SECONDS})) < {NEVER_READ:g}"
    return f"max({ages}) unless on () {late}", late


def fixed(color: str) -> builders.FieldColor:
    """Return one colour for all series."""
    return builders.FieldColor().mode(dashboard.FieldColorModeId.FIXED).fixed_color(color)


def shades(color: str) -> builders.FieldColor:
    """Return shades of one colour, for series of which none is good or bad."""
    return builders.FieldColor().mode(dashboard.FieldColorModeId.SHADES).fixed_color(color)


def curves(
    words: Words, *queries: Query, stacked: bool = False, scheme: builders.FieldColor | None = None
) -> timeseries.Panel:
    """Return a time series panel whose axis begins at zero."""
    panel = (
        timeseries.Panel()
        .legend(_legend())
        .tooltip(
            common_builders.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
        .line_width(1)
        .fill_opacity(60 if stacked else 8)
        .show_points(common.VisibilityMode.NEVER)
        .min(0)
    )
    if scheme:
        panel = panel.color_scheme(scheme)
    if stacked:
        panel = panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL).group("all"))
    return worded(_with(panel, queries), words)


def daily(words: Words, *queries: Query, color: str = GREY) -> timeseries.Panel:
    """Return a panel with a bar for each day in UTC; a query at a day's beginning has that day's number."""
    return (
        curves(words, *queries, stacked=True, scheme=shades(color))
        .draw_style(common.GraphDrawStyle.BARS)
        .bar_alignment(common.BarAlignment.AFTER)
        .bar_width_factor(0.8)
        .interval("1d")
        .decimals(0)
    )


def heat(words: Words, *rows: Query) -> heatmap.Panel:
    """Return a heat map of numbers of databases by the hour: a series is a row, the first at the bottom."""
    panel = (
        heatmap.Panel()
        .calculate(calculate=False)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.OPACITY)
            .fill("blue")
            .scale(HeatmapColorScale.EXPONENTIAL)
            .exponent(0.3)
            .steps(64)
            .min(0)
            .max(20)  # else one database of hundreds has no colour
        )
        .cell_gap(1)
        .interval("1h")
        .filter_values(heatmap.FilterValueRange().le(1e-9))
        .rows_frame(heatmap.RowsHeatmapOptions().layout(common.HeatmapCellLayout.UNKNOWN))
        .y_axis(heatmap.YAxisConfig().axis_placement(common.AxisPlacement.LEFT))
        .show_legend()
    )
    return worded(_with(panel, rows), words)


def timeline(words: Words, named: Named, *queries: Query) -> statetimeline.Panel:
    """Return a state timeline."""
    panel = (
        statetimeline.Panel()
        .mappings(states(named))
        .color_scheme(fixed(GREY))  # not by thresholds: Grafana would show their names instead of the states
        .merge_values(merge_values=True)
        .show_value(common.VisibilityMode.AUTO)
        .row_height(0.8)
        .fill_opacity(85)
        .legend(_legend())
    )
    return worded(_with(panel, queries), words)


def _legend() -> common_builders.VizLegendOptions:
    legend = common_builders.VizLegendOptions().show_legend(show_legend=True).calcs([])
    return legend.display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)


def _with(panel: Ranged, queries: Sequence[Query]) -> Ranged:
    for place, query in enumerate(queries):
        panel = panel.with_target(_ranged(query, chr(ord("A") + place)))
    return panel


def worded(panel: AnyPanel, words: Words) -> AnyPanel:
    """Give a panel its texts and its data source."""
    return (
        panel.title(words.title)
        .description(words.description)
        .unit(words.unit)
        .no_value(words.no_value)
        .datasource(SOURCE)
    )


def instant(query: str, letter: str) -> prometheus.Dataquery:
    """Return a query of the end of the time range."""
    return prometheus.Dataquery().expr(query).ref_id(letter).instant().datasource(SOURCE)


def _ranged(query: Query, letter: str) -> prometheus.Dataquery:
    dataquery = prometheus.Dataquery().expr(query.expression).ref_id(letter).range().datasource(SOURCE)
    return dataquery.legend_format(query.legend)


def _nothing(text: str, color: str) -> dashboard.ValueMapping:
    result = dashboard.ValueMappingResult(text=text, color=color)
    return dashboard.SpecialValueMap(
        dashboard.DashboardSpecialValueMapOptions(dashboard.SpecialValueMatch.NULL_AND_NAN, result)
    )
