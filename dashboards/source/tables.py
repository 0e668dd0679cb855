"""Tables that join instant queries, and their columns."""

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from msgspec import Struct

from dashboards.source.panels import Words, instant, worded

HIDDEN: Final = {
    "custom.hidden": True,  # up to Grafana 12.1
    "custom.hideFrom": {"viz": True, "legend": False, "tooltip": False},
}
COLOURED: Final = {"custom.cellOptions": {"type": "color-text"}}
"""For a column whose values have colours."""


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


def link(title: str, url: str, *, new_tab: bool = False) -> Mapping[str, object]:
    """Return the override that makes a column's values links."""
    return {"links": [{"title": title, "url": url, "targetBlank": new_tab}]}


def mapped(mappings: Sequence[dashboard.ValueMapping]) -> Mapping[str, object]:
    """Return the overrides that give values names and colours."""
    return {"mappings": [mapping.to_json() for mapping in mappings], **COLOURED}


def listing(
    words: Words,
    queries: Mapping[str, str],
    columns: Sequence[Column],
    sort: Sequence[str],
    required: Sequence[str] = (),
) -> table.Panel:
    """Return a table that joins instant queries, named by letters, on their common labels.

    :param sort: the names of the columns by which rows are sorted, the largest value first.
    :param required: fields without which a row is left out.
    """
    panel = (
        table.Panel()
        .show_header(show_header=True)
        .cell_height(common.TableCellHeight.SM)
        .sort_by([_descending(name) for name in sort])
    )
    for letter, query in queries.items():
        panel = panel.with_target(instant(query, letter).format(PromQueryFormat.TABLE))
    for column in columns:
        panel = panel.override_by_name(column.field, column.properties())
    for transformation in _joined(columns, required):
        panel = panel.with_transformation(transformation)
    return worded(panel, words)


def _descending(name: str) -> common_builders.TableSortByFieldState:
    return common_builders.TableSortByFieldState().display_name(name).desc(desc=True)


def _joined(columns: Sequence[Column], required: Sequence[str]) -> list[dashboard.DataTransformerConfig]:
    order = {column.field: place for place, column in enumerate(columns)}
    transformations = [dashboard.DataTransformerConfig(id_val="merge", options={})]
    if required:
        filters = [{"fieldName": name, "config": {"id": "isNotNull", "options": {}}} for name in required]
        options = {"type": "include", "match": "all", "filters": filters}
        transformations.append(dashboard.DataTransformerConfig(id_val="filterByValue", options=options))
    return [
        *transformations,
        dashboard.DataTransformerConfig(id_val="organize", options={"indexByName": order}),
    ]
