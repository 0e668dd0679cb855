"""Panels of curves and states, with a title, a description, a unit and a legend."""

from collections.abc import Sequence
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale
from msgspec import Struct

from dashboards.source.values import GREY, Named, states

SOURCE: Final = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
Panel = stat.Panel | timeseries.Panel | statetimeline.Panel | table.Panel | heatmap.Panel
AnyPanel = TypeVar("AnyPanel", stat.Panel, timeseries.Panel, statetimeline.Panel, table.Panel, heatmap.Panel)
Ranged = TypeVar("Ranged", timeseries.Panel, statetimeline.Panel, heatmap.Panel)


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
