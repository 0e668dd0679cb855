"""Panels with a title, a description, a unit, a legend and a position on the grid."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from msgspec import Struct

GREEN: Final = "green"
RED: Final = "red"
BLUE: Final = "blue"
ORANGE: Final = "orange"
SOURCE: Final = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
WIDTH: Final = 24
HIDDEN: Final = {
    "custom.hidden": True,  # up to Grafana 12.1
    "custom.hideFrom": {"viz": True, "legend": False, "tooltip": False},
}
Panel = stat.Panel | timeseries.Panel | statetimeline.Panel | table.Panel
AnyPanel = TypeVar("AnyPanel", stat.Panel, timeseries.Panel, statetimeline.Panel, table.Panel)
Steps = Sequence[tuple[float | None, str]]
State = tuple[str, str]
"""What a value is called and its colour."""


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


def states(named: Mapping[int, State]) -> list[dashboard.ValueMapping]:
    """Return the names of single values."""
    options = {
        str(value): dashboard.ValueMappingResult(text=text, color=color, index=place)
        for place, (value, (text, color)) in enumerate(named.items())
    }
    return [dashboard.ValueMap(options)]


def tile(
    words: Words, query: str, steps: Steps, *, decimals: int = 0, named: Mapping[int, State] | None = None
) -> stat.Panel:
    """Return a stat with a coloured background; without a value it is red and says so."""
    panel = (
        stat.Panel()
        .thresholds(thresholds(steps))
        .mappings([*states(named or {}), _nothing(words.no_value)])
        .decimals(decimals)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(common.BigValueGraphMode.NONE)
        .justify_mode(common.BigValueJustifyMode.CENTER)
        .text_mode(common.BigValueTextMode.VALUE)
        .with_target(_instant(query, "A").legend_format(words.title))
    )
    return _worded(panel, words)


def curves(
    words: Words, *queries: Query, stacked: bool = False, table_legend: bool = False, least: float | None = 0
) -> timeseries.Panel:
    """Return a time series panel; `table_legend` adds a table with the last values."""
    legend = common_builders.VizLegendOptions().show_legend(show_legend=True)
    if table_legend:
        legend = legend.display_mode(common.LegendDisplayMode.TABLE).placement(common.LegendPlacement.RIGHT)
        legend = legend.calcs(["lastNotNull"]).sort_by("Last *").sort_desc(sort_desc=True).width(300)
    else:
        legend = legend.display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)
    panel = (
        timeseries.Panel()
        .legend(legend.calcs(["lastNotNull"] if table_legend else []))
        .tooltip(
            common_builders.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
        .line_width(1)
        .fill_opacity(60 if stacked else 8)
        .show_points(common.VisibilityMode.NEVER)
    )
    if least is not None:
        panel = panel.min(least)
    if stacked:
        panel = panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL).group("all"))
    for place, query in enumerate(queries):
        panel = panel.with_target(_ranged(query, chr(ord("A") + place)))
    return _worded(panel, words)


def timeline(words: Words, named: Mapping[int, State], *queries: Query) -> statetimeline.Panel:
    """Return a state timeline."""
    panel = (
        statetimeline.Panel()
        .mappings(states(named))
        .thresholds(thresholds([(None, "transparent")]))
        .color_scheme(builders.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
        .merge_values(merge_values=True)
        .show_value(common.VisibilityMode.AUTO)
        .row_height(0.8)
        .fill_opacity(85)
        .legend(
            common_builders.VizLegendOptions()
            .show_legend(show_legend=True)
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
        )
    )
    for place, query in enumerate(queries):
        panel = panel.with_target(_ranged(query, chr(ord("A") + place)))
    return _worded(panel, words)


def listing(words: Words, queries: Mapping[str, str], columns: Sequence["Column"], sort: str) -> table.Panel:
    """Return a table that joins instant queries, named by letters, on their common labels."""
    panel = (
        table.Panel()
        .show_header(show_header=True)
        .cell_height(common.TableCellHeight.SM)
        .sort_by([common_builders.TableSortByFieldState().display_name(sort).desc(desc=True)])
    )
    for letter, query in queries.items():
        panel = panel.with_target(_instant(query, letter).format(PromQueryFormat.TABLE))
    for column in columns:
        panel = panel.override_by_name(column.field, column.properties())
    order = {column.field: place for place, column in enumerate(columns)}
    panel = panel.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    panel = panel.with_transformation(
        dashboard.DataTransformerConfig(id_val="organize", options={"indexByName": order})
    )
    return _worded(panel, words)


class Column(Struct, frozen=True, kw_only=True):
    """One column of a table: which field it shows and how; without a name it is hidden."""

    field: str
    name: str | None = None
    unit: str | None = None
    width: int | None = None
    more: Mapping[str, object] = {}

    def properties(self) -> list[dashboard.DynamicConfigValue]:
        """Return the column's overrides."""
        properties: dict[str, object] = dict(HIDDEN) if self.name is None else {"displayName": self.name}
        if self.unit:
            properties["unit"] = self.unit
        if self.width:
            properties["custom.width"] = self.width
        return [
            dashboard.DynamicConfigValue(key, value) for key, value in (properties | dict(self.more)).items()
        ]


class Grid:
    """Places panels row by row, and gives each the next id."""

    def __init__(self, made: builders.Dashboard) -> None:
        self.made = made
        self._next = 1
        self._y = 0

    def row(self, title: str) -> None:
        """Begin a row with its own heading, expanded."""
        self.made.with_row(
            builders.Row(title).id(self._id()).grid_pos(dashboard.GridPos(1, WIDTH, 0, self._y))
        )
        self._y += 1

    def place(self, height: int, *panels: Panel, widths: Sequence[int] | None = None) -> None:
        """Place panels side by side, of equal width unless `widths` are given."""
        x = 0
        for panel, width in zip(panels, widths or [WIDTH // len(panels)] * len(panels), strict=True):
            self.made.with_panel(panel.id(self._id()).grid_pos(dashboard.GridPos(height, width, x, self._y)))
            x += width
        self._y += height

    def _id(self) -> int:
        self._next += 1
        return self._next - 1


def _worded(panel: AnyPanel, words: Words) -> AnyPanel:
    return (
        panel.title(words.title)
        .description(words.description)
        .unit(words.unit)
        .no_value(words.no_value)
        .datasource(SOURCE)
    )


def _instant(query: str, letter: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query).ref_id(letter).instant().datasource(SOURCE)


def _ranged(query: Query, letter: str) -> prometheus.Dataquery:
    dataquery = prometheus.Dataquery().expr(query.expression).ref_id(letter).range().datasource(SOURCE)
    return dataquery.legend_format(query.legend)


def _nothing(text: str) -> dashboard.ValueMapping:
    result = dashboard.ValueMappingResult(text=text, color=RED)
    return dashboard.SpecialValueMap(
        dashboard.DashboardSpecialValueMapOptions(dashboard.SpecialValueMatch.NULL_AND_NAN, result)
    )
