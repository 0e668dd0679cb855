"""The dashboards: generated, importable by Grafana, with queries for metrics that exist."""

import json
import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest

from dashboards.source.__main__ import FILES, main, rendered
from tests.support.dashboards import DASHBOARDS, FOLDER, Json, panels
from tests.support.served import ALERT_LABELS, METRIC, served_labels, served_names

SELECTOR: Final = re.compile(r"\b([a-z_][a-z0-9_]*)\{([^}]*)\}")
WIDTH: Final = 24  # columns of Grafana's grid
CHOSEN: Final = 'job=~"$job",instance=~"$instance",target=~"$target"'


@pytest.fixture(params=DASHBOARDS, ids=lambda path: path.stem)
def dashboard(request: pytest.FixtureRequest) -> Json:
    """Yield every dashboard."""
    path: Path = request.param
    decoded: Json = json.loads(path.read_text(encoding="utf-8"))
    return decoded


def queries(dashboard: Json) -> list[str]:
    """Return every query of every panel."""
    return [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]


def _variables(dashboard: Json) -> dict[str, Json]:
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


@pytest.mark.parametrize("name", FILES)
def test_the_json_is_what_python_writes(name: str) -> None:
    """The JSON is up to date; if not, run `make dashboards` and review the difference."""
    assert (FOLDER / name).read_text(encoding="utf-8") == rendered(FILES[name])


def test_python_writes_every_dashboard(tmp_path: Path) -> None:
    """The command writes every dashboard."""
    main(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in DASHBOARDS} == set(FILES)


@pytest.mark.parametrize(
    ("name", "uid", "title"),
    [
        ("overview.json", "bycloud-backups-overview", "Are my databases recoverable?"),
        ("instance.json", "bycloud-backups-instance", "One database: can it be restored?"),
    ],
)
def test_names_that_links_rely_on(name: str, uid: str, title: str) -> None:
    """Each dashboard has its uid and title."""
    loaded = json.loads((FOLDER / name).read_text(encoding="utf-8"))

    assert (loaded["uid"], loaded["title"]) == (uid, title)


def test_it_imports_anywhere(dashboard: Json) -> None:
    """A dashboard has a variable for its data source and the browser's time zone."""
    sources = {target["datasource"]["uid"] for panel in panels(dashboard) for target in panel["targets"]}

    assert "__inputs" not in dashboard
    assert dashboard["timezone"] == "browser"
    assert dashboard["schemaVersion"] == 42
    assert dashboard.get("id") is None
    assert sources == {"${datasource}"}
    assert {panel["datasource"]["uid"] for panel in panels(dashboard)} == {"${datasource}"}
    assert _variables(dashboard)["datasource"]["query"] == "prometheus"


@pytest.mark.parametrize(("name", "every"), [("job", ".+"), ("instance", ".+"), ("target", ".*")])
def test_it_selects_exporters(dashboard: Json, name: str, every: str) -> None:
    """Variables allow several exporters, and `All` matches a missing target label too."""
    variable = _variables(dashboard)[name]

    assert variable["type"] == "query"
    assert variable["label"] == name.title()
    assert variable["datasource"]["uid"] == "${datasource}"
    assert variable["multi"]
    assert variable["includeAll"]
    assert variable["allValue"] == every
    assert variable["current"]["value"] == ["$__all"]


def test_they_link_to_each_other(dashboard: Json) -> None:
    """The links between dashboards keep time range and variables."""
    (link,) = dashboard["links"]

    assert {link["url"], f"/d/{dashboard['uid']}"} == {f"/d/{_uid(path)}" for path in DASHBOARDS}
    assert link["keepTime"]
    assert link["includeVars"]
    assert "placement" not in link


def test_a_row_of_the_table_links_to_its_database() -> None:
    """A database's name links to its dashboard, with time range and variables."""
    overview = json.loads((FOLDER / "overview.json").read_text(encoding="utf-8"))
    (table,) = (panel for panel in panels(overview) if panel["type"] == "table")
    properties = {o["matcher"]["options"]: o["properties"] for o in table["fieldConfig"]["overrides"]}
    ((link,),) = (p["value"] for p in properties["instance_name"] if p["id"] == "links")

    assert link["url"].startswith("/d/bycloud-backups-instance?")
    assert "${__url_time_range}" in link["url"]
    assert "${__all_variables}" in link["url"]
    assert link["url"].endswith("var-database=${__data.fields.instance_id}")


def test_alerts_are_annotations(dashboard: Json) -> None:
    """Firing alerts are annotations on every panel."""
    (annotation,) = dashboard["annotations"]["list"]

    assert annotation["enable"]
    assert annotation["expr"].startswith('ALERTS{alertname=~"ByCloud.+",alertstate="firing",job=~"$job"')


def test_every_panel_explains_itself(dashboard: Json) -> None:
    """Every panel has a title, a description and a unit."""
    incomplete = [
        panel["id"]
        for panel in panels(dashboard)
        if not (panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"])
    ]

    assert not incomplete


def test_tiles_are_red_or_green_and_say_when_they_know_nothing(dashboard: Json) -> None:
    """Every stat has thresholds, a text for no data, and an instant query."""
    momentary = [panel for panel in panels(dashboard) if panel["type"] in {"stat", "table"}]

    for panel in momentary:
        defaults = panel["fieldConfig"]["defaults"]
        assert all(target["instant"] and not target.get("range") for target in panel["targets"])
        assert defaults["noValue"]
        assert panel["type"] == "table" or len(defaults["thresholds"]["steps"]) >= 1
    assert len([panel for panel in momentary if panel["type"] == "stat"]) == 6


def test_every_curve_has_a_legend(dashboard: Json) -> None:
    """Every range query has a legend."""
    graphs = [panel for panel in panels(dashboard) if panel["type"] in {"timeseries", "state-timeline"}]
    nameless = [panel["id"] for panel in graphs if not all(t.get("legendFormat") for t in panel["targets"])]

    assert graphs
    assert not nameless
    assert all(panel["options"]["legend"]["showLegend"] for panel in graphs)


def test_ids_are_unique(dashboard: Json) -> None:
    """Panel ids and query letters are unique."""
    ids = [panel["id"] for panel in dashboard["panels"]]
    letters = [[target["refId"] for target in panel["targets"]] for panel in panels(dashboard)]

    assert ids == list(range(1, len(ids) + 1))
    assert all(len(set(panel)) == len(panel) for panel in letters)


def test_no_panel_covers_another(dashboard: Json) -> None:
    """No two panels overlap, and no row is collapsed."""
    places = [panel["gridPos"] for panel in dashboard["panels"]]

    assert not [pair for pair in combinations(places, 2) if _overlap(*pair)]
    assert all(place["x"] + place["w"] <= WIDTH for place in places)
    assert not [panel for panel in dashboard["panels"] if panel.get("collapsed") or panel.get("panels")]


def test_statuses_have_their_colours(dashboard: Json) -> None:
    """Wherever backups are counted by status, green is good, red is bad, blue is running."""
    (panel,) = (panel for panel in panels(dashboard) if panel["title"] == "Backups by status")
    fixed = {
        override["matcher"]["options"]: override["properties"][0]["value"]["fixedColor"]
        for override in panel["fieldConfig"]["overrides"]
    }

    assert (fixed["COMPLETED"], fixed["FAILED"]) == ("green", "red")
    assert all("blue" in fixed[status] for status in ("NEW", "BUILDING", "SAVING"))


def test_queries_name_what_is_served(dashboard: Json) -> None:
    """Queries use only metrics and labels that the exporter serves."""
    metrics = {name for query in queries(dashboard) for name in METRIC.findall(query)}
    labels = {
        label
        for query in queries(dashboard)
        for group in re.findall(r"(?:by|on|group_left) \(([^)]*)\)", query)
        for label in filter(None, group.split(", "))
    }

    assert metrics
    assert metrics <= served_names()
    assert labels <= served_labels() | ALERT_LABELS


def test_every_selector_heeds_the_variables(dashboard: Json) -> None:
    """Every selector uses the variables."""
    for query in queries(dashboard):
        selectors = SELECTOR.findall(query)

        assert {name for name, _ in selectors} == {*METRIC.findall(query), *re.findall(r"\bup\b", query)}
        assert all(labels.startswith(CHOSEN) for _, labels in selectors)


def test_counters_are_rates_over_the_right_interval(dashboard: Json) -> None:
    """Counters and histograms appear only in rates over Grafana's rate interval."""
    for query in queries(dashboard):
        counters = re.findall(r"\w+_(?:total|bucket)\b", query)
        rates = re.findall(r"rate\(\w+_(?:total|bucket)\{[^}]*\}\[\$__rate_interval\]\)", query)

        assert len(counters) == len(rates) == query.count("rate(")


def test_ages_come_from_timestamps(dashboard: Json) -> None:
    """Ages are `time()` minus a timestamp, so that they grow during an outage."""
    aged = [q for q in queries(dashboard) if re.search(r"(?<!objective)_age_seconds", q)]

    assert not aged


def test_no_panel_invents_a_zero_or_a_status(dashboard: Json) -> None:
    """No query has `or vector(0)` or a status: a dead exporter must not look green."""
    assert not [query for query in queries(dashboard) if "vector(" in query or "status=" in query]


def test_replicas_double_no_number(dashboard: Json) -> None:
    """Replicas are aggregated first, so that no backup counts twice."""
    about = [query for query in queries(dashboard) if "bycloud_database_" in query]

    assert about
    assert all(
        len(re.findall(r"\bbycloud_database_", query))
        == len(re.findall(r"max by \(job, target, [^)]*\) \(bycloud_database_", query))
        for query in about
    )


def _uid(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8"))["uid"])
