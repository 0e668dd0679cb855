"""The dashboards: JSON that Grafana can import, and queries that name only what the exporter serves."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.families import SECTIONS
from exporter.instruments import Instruments, own_collectors

FOLDER: Final = Path(__file__).parents[1] / "dashboards"
DASHBOARDS: Final = sorted(FOLDER.glob("*.json"))
SELECTOR: Final = re.compile(r"\b([a-z_][a-z0-9_]*)\{([^}]*)\}")
NAME: Final = re.compile(r"\b(?:bycloud|process|python)_[a-z0-9_]+\b")
WIDTH: Final = 24  # columns of Grafana's grid
Json = Mapping[str, Any]


def served_names() -> frozenset[str]:
    """Name every time series of the exporter, histograms' and counters' suffixes included."""
    names = {gauge.name for section in SECTIONS for gauge in section.gauges}
    for collector in own_collectors(Instruments(), dict, loaded_at=0):
        for family in getattr(collector, "describe", collector.collect)():
            names |= {family.name + suffix for suffix in _SUFFIXES.get(family.type, ("",))}
    return frozenset(names)


_SUFFIXES: Final = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "info": ("_info",),
}


@pytest.fixture(params=DASHBOARDS, ids=lambda path: path.stem)
def dashboard(request: pytest.FixtureRequest) -> Json:
    """Every dashboard there is, one after the other."""
    path: Path = request.param
    decoded: Json = json.loads(path.read_text(encoding="utf-8"))
    return decoded


def _panels(dashboard: Json) -> Iterator[Json]:
    """Give every panel that draws something, those inside collapsed rows too."""
    for panel in _all_panels(dashboard):
        if panel["type"] != "row":
            yield panel


def _all_panels(dashboard: Json) -> Iterator[Json]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


def _queries(dashboard: Json) -> list[str]:
    return [target["expr"] for panel in _panels(dashboard) for target in panel["targets"]]


def _variables(dashboard: Json) -> dict[str, Json]:
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


def test_there_is_an_overview() -> None:
    """The first dashboard has the name and the uid that links rely on."""
    overview = json.loads((FOLDER / "overview.json").read_text(encoding="utf-8"))

    assert overview["uid"] == "bycloud-backups-overview"
    assert overview["title"] == "Are my databases recoverable?"


def test_it_imports_anywhere(dashboard: Json) -> None:
    """No dashboard is bound to one Grafana: the data source is a variable, the time zone the reader's."""
    sources = {target["datasource"]["uid"] for panel in _panels(dashboard) for target in panel["targets"]}

    assert "__inputs" not in dashboard
    assert dashboard["timezone"] == "browser"
    assert dashboard["schemaVersion"] >= 39
    assert dashboard.get("id") is None
    assert sources == {"${datasource}"}
    assert _variables(dashboard)["datasource"]["query"] == "prometheus"


@pytest.mark.parametrize("name", ["job", "instance"])
def test_it_selects_exporters(dashboard: Json, name: str) -> None:
    """Job and exporter can be chosen, several at once, and `All` matches whatever there is."""
    variable = _variables(dashboard)[name]

    assert variable["multi"]
    assert variable["includeAll"]
    assert variable["allValue"] == ".+"


def test_every_panel_explains_itself(dashboard: Json) -> None:
    """A panel without a title, a description or a unit leaves its reader guessing."""
    incomplete = [
        panel["id"]
        for panel in _panels(dashboard)
        if not (panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"])
    ]

    assert not incomplete


def test_every_curve_has_a_legend(dashboard: Json) -> None:
    """No query of a time series leaves its name to Grafana."""
    curves = [panel for panel in _panels(dashboard) if panel["type"] == "timeseries"]
    nameless = [panel["id"] for panel in curves if not all(t.get("legendFormat") for t in panel["targets"])]

    assert not nameless
    assert all(panel["options"]["legend"]["showLegend"] for panel in curves)


def test_ids_are_unique(dashboard: Json) -> None:
    """Grafana addresses a panel by its id, and a query by its letter."""
    ids = [panel["id"] for panel in _all_panels(dashboard)]
    letters = [[target["refId"] for target in panel["targets"]] for panel in _panels(dashboard)]

    assert len(set(ids)) == len(ids)
    assert all(len(set(panel)) == len(panel) for panel in letters)


def test_no_panel_covers_another(dashboard: Json) -> None:
    """Every panel has its own place on the grid."""
    places = [panel["gridPos"] for panel in dashboard["panels"]]

    assert not [pair for pair in combinations(places, 2) if _overlap(*pair)]
    assert all(place["x"] + place["w"] <= WIDTH for place in places)


def test_queries_name_what_is_served(dashboard: Json) -> None:
    """A metric that the exporter does not serve would draw nothing, for ever and silently."""
    asked = {name for query in _queries(dashboard) for name in NAME.findall(query)}

    assert asked
    assert asked <= served_names()


def test_every_selector_heeds_the_variables(dashboard: Json) -> None:
    """No query shows an exporter that was not chosen, nor a metric without a selector."""
    for query in _queries(dashboard):
        selectors = SELECTOR.findall(query)

        assert {name for name, _ in selectors} == {*NAME.findall(query), *re.findall(r"\bup\b", query)}
        assert all(labels.startswith('job=~"$job",instance=~"$instance"') for _, labels in selectors)


def test_ages_come_from_time_stamps(dashboard: Json) -> None:
    """An age gauge stands still between scrapes and at an outage; `time()` less a time stamp does not."""
    queries = _queries(dashboard)

    assert not [query for query in queries if "_age_seconds" in query]


def test_replicas_double_no_number(dashboard: Json) -> None:
    """Before a number of backups is added up, the copies that replicas serve of it are made one."""
    adding = [
        query
        for query in _queries(dashboard)
        if re.search(r"\b(?:sum|count)\b", query) and "bycloud_api_" not in query
    ]

    assert adding
    assert all(
        query.count("bycloud_") == len(re.findall(r"max by \(job, target, [^)]*\) \(bycloud_", query))
        for query in adding
    )
