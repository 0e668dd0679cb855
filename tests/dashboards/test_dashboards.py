"""The dashboards: generated, importable by Grafana, with queries for metrics that exist."""

import json
import re
import urllib.parse
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest

from alerts.source.settings import Settings
from dashboards.source.__main__ import main
from dashboards.source.files import FILES, rendered
from dashboards.source.fleet import PROBLEMS
from dashboards.source.library import library
from tests.support.dashboards import DASHBOARDS, FOLDER, Json, loaded, panels
from tests.support.served import ALERT_LABELS, METRIC, served_labels, served_names

SELECTOR: Final = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}")
STATUS: Final = re.compile(r'status=~?"(?!\$(?:failed|completed)["|])')
WIDTH: Final = 24  # columns of Grafana's grid
EXPORTER: Final = re.compile(r"up|process_\w+|bycloud_exporter_\w+")
"""Metrics of the whole exporter, which has no target."""
CHOSEN: Final = 'cluster=~"$cluster",namespace=~"$namespace",job=~"$job",target=~"$target"'
OUR_LABELS: Final = {"cluster", "namespace", "instance_name", "team", "severity", "label_team", "row", "part"}
"""Labels of Prometheus's configuration, of the rules, and those that queries add."""
JOINED: Final = {
    "up",
    "bycloud_up",
    "bycloud_scrape_backups",
    "bycloud_database_restorable_backups",
    "bycloud_exporter_build_info",
}
"""What tells which targets are read, lost or moved: also by targets that are not chosen."""
MATCHED: Final = re.compile(
    r'target=~"\$target\|?"|instance_id="\$database"|^datastore_type=~"\$datastore"$|job=~"\$lost"'
)
"""The matchers of the targets, of the database, or of what is joined with both."""
LONGEST: Final = 10_000
LONGEST_IN_URL: Final = 14_500
"""Programs that send queries by GET allow 16 KiB for a request's head."""
UNKNOWN: Final = {"#7b8087", "red"}
"""The colours of a tile that has no data."""


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
    assert (FOLDER / name).read_text(encoding="utf-8") == rendered(name, Settings())


def test_the_jsonnet_is_what_python_writes() -> None:
    """The dashboards' Jsonnet is up to date; if not, run `make dashboards` and review the difference."""
    assert (FOLDER / "dashboards.libsonnet").read_text(encoding="utf-8") == library()


def test_python_writes_every_dashboard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes every dashboard, with the given settings, and prints their paths."""
    folder = tmp_path / "new" / "folder"
    main([str(folder), "compliance=0.95"])

    assert {path.name for path in folder.iterdir()} == {path.name for path in DASHBOARDS} == set(FILES)
    assert set(capsys.readouterr().out.splitlines()) == set(map(str, folder.iterdir()))
    assert "The target is 95 %." in (folder / "compliance.json").read_text(encoding="utf-8")


def test_without_urls_dashboards_have_links() -> None:
    """Where the settings have no URL, links lead to the project's runbooks and to the exporter's port."""
    without = Settings(runbooks="", exporter="")

    assert rendered("instance.json", without) == rendered("instance.json", Settings())


@pytest.mark.parametrize(
    ("name", "uid", "title"),
    [
        ("overview.json", "bycloud-backups-overview", "Are my databases recoverable?"),
        ("instance.json", "bycloud-backups-instance", "One database: can it be restored?"),
        ("exporter.json", "bycloud-backups-exporter", "Is the backup exporter OK?"),
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


@pytest.mark.parametrize(
    ("name", "every"), [("cluster", ".*"), ("namespace", ".*"), ("job", ".+"), ("target", ".*")]
)
def test_it_selects_targets(dashboard: Json, name: str, every: str) -> None:
    """Variables allow several targets, and `All` matches a label that is absent too."""
    _is_choice(_variables(dashboard)[name], name, every)


@pytest.mark.parametrize("file", ["overview", "instance"])
@pytest.mark.parametrize("name", ["team", "datastore"])
def test_it_selects_databases(file: str, name: str) -> None:
    """Dashboards of databases have variables for team and datastore."""
    _is_choice(_variables(loaded(file))[name], name, ".*")


def test_an_exporter_is_called_so() -> None:
    """The variable of the label `instance` is called Exporter."""
    assert _variables(loaded("exporter"))["instance"]["label"] == "Exporter"


def test_nobody_edits_a_copy(dashboard: Json) -> None:
    """A dashboard is not editable: its source is in the repository."""
    assert dashboard["editable"] is False


def _is_choice(variable: Json, name: str, every: str) -> None:

    assert variable["type"] == "query"
    assert variable["label"] == name.title()
    assert variable["datasource"]["uid"] == "${datasource}"
    assert variable["multi"]
    assert variable["includeAll"]
    assert variable["allValue"] == every
    assert variable["current"]["value"] == ["$__all"]


def test_they_link_to_each_other(dashboard: Json) -> None:
    """The links between dashboards keep time range and variables."""
    links = [link for link in dashboard["links"] if link["url"].startswith("/d/")]

    assert {*(link["url"] for link in links), f"/d/{dashboard['uid']}"} == {
        f"/d/{_uid(path)}" for path in DASHBOARDS
    }
    assert all(link["keepTime"] and link["includeVars"] for link in links)
    assert not any("placement" in link for link in dashboard["links"])


@pytest.mark.parametrize("title", ["Databases, worst first", "Firing alerts"])
def test_a_database_of_a_table_links_to_its_dashboard(title: str) -> None:
    """A database's name links to its dashboard, with its target's labels and the time range."""
    (link,) = _column(loaded("overview"), title, "instance_name")["links"]

    assert link["url"].startswith("/d/bycloud-backups-instance?${datasource:queryparam}&")
    assert "${__url_time_range}" in link["url"]
    for label in ("to_cluster", "to_namespace", "job", "to_target", "instance_id"):
        assert f"=${{__data.fields.{label}}}&" in link["url"]


def test_an_alert_links_to_its_runbook() -> None:
    """An alert's name links to its runbook."""
    (link,) = _column(loaded("overview"), "Firing alerts", "alertname")["links"]

    assert link["url"] == f"{Settings().runbooks}${{__value.raw}}.md"


def test_a_database_links_to_the_exporter_s_page_and_runbooks() -> None:
    """The dashboard of one database links to its page of the exporter, and to the runbooks."""
    urls = {link["title"]: link["url"] for link in loaded("instance")["links"]}

    assert urls["Exporter's page"] == (
        "${page}/databases/${page_target:percentencode}/${database:percentencode}"
    )
    assert urls["Runbooks"] == Settings().runbooks


def test_a_database_s_name_is_the_first_title() -> None:
    """The dashboard of one database begins with its name."""
    assert loaded("instance")["panels"][0]["title"] == "${database:text}"


def test_each_tile_of_the_overview_links_to_what_it_counts() -> None:
    """A tile of a problem shows its databases in the table; one of targets leads to the exporter's."""
    tiles = [panel for panel in panels(loaded("overview")) if panel["type"] == "stat"]
    urls = {
        tile["title"]: [link["url"] for link in tile["fieldConfig"]["defaults"].get("links", [])]
        for tile in tiles
    }
    shown = {title: re.search(r"var-show=(\d)", url[0]) for title, url in urls.items() if url}

    assert {title: found[1] for title, found in shown.items() if found} == {
        "Within objective": "0",
        "No backup": "6",
        "Too old": "5",
        "Running too long": "4",
        "Last attempt failed": "3",
        "Unrestorable": "2",
    }
    assert urls["Targets not read"][0].startswith("/d/bycloud-backups-exporter?")
    assert urls["Oldest data"][0].startswith("/d/bycloud-backups-exporter?")


def test_the_variable_of_a_tile_s_link_has_its_problem() -> None:
    """Each problem that a link of a tile selects is a choice of the variable `show`."""
    choices = dict(
        choice.split(" : ") for choice in _variables(loaded("overview"))["show"]["query"].split(", ")
    )

    assert {number: name for name, number in choices.items()} == {
        "0": "all databases",
        **{str(state): name for state, name in PROBLEMS.items()},
    }


def test_alerts_are_annotations(dashboard: Json) -> None:
    """Critical alerts are annotations on every panel where they begin to fire."""
    (annotation,) = dashboard["annotations"]["list"]

    assert annotation["enable"]
    assert annotation["expr"].startswith(
        f'ALERTS{{alertname=~"ByCloud.+",alertstate="firing",severity="critical",{CHOSEN}'
    )
    assert annotation["expr"].endswith(" offset 5m")


@pytest.mark.parametrize("name", ["exporter", "capacity"])
def test_alerts_on_databases_are_not_everywhere(name: str) -> None:
    """Where no panel is about single databases, only alerts on targets are marked: many hide the curves."""
    (annotation,) = loaded(name)["annotations"]["list"]

    assert f'{CHOSEN},instance_id=""}}' in annotation["expr"]


def test_every_panel_explains_itself(dashboard: Json) -> None:
    """Every panel has a title, a description and a unit."""
    incomplete = [
        panel["id"]
        for panel in panels(dashboard)
        if not (panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"])
    ]

    assert not incomplete


def test_tiles_say_when_they_know_nothing(dashboard: Json) -> None:
    """Every stat is one moment, and without data it has a text and is grey or red."""
    tiles = [panel for panel in panels(dashboard) if panel["type"] == "stat"]

    for tile in tiles:
        defaults = tile["fieldConfig"]["defaults"]
        (nothing,) = (mapping for mapping in defaults["mappings"] if mapping["type"] == "special")
        assert all(target["instant"] and not target.get("range") for target in tile["targets"])
        assert nothing["options"]["match"] == "null+nan"
        assert nothing["options"]["result"]["text"] == defaults["noValue"]
        assert nothing["options"]["result"]["color"] in UNKNOWN


def test_what_was_good_is_grey(dashboard: Json) -> None:
    """A second query of a tile has a fixed colour that is not green."""
    tiles = [panel for panel in panels(dashboard) if panel["type"] == "stat" and len(panel["targets"]) > 1]

    for tile in tiles:
        (override,) = tile["fieldConfig"]["overrides"]
        properties = {each["id"]: each["value"] for each in override["properties"]}
        assert override["matcher"] == {"id": "byFrameRefID", "options": "B"}
        assert properties["color"]["mode"] == "fixed"
        assert properties["color"]["fixedColor"] in UNKNOWN


def test_states_have_their_names(dashboard: Json) -> None:
    """State timelines have a fixed colour: by thresholds, Grafana shows "-∞+" (grafana/grafana#71804)."""
    for panel in panels(dashboard):
        if panel["type"] == "state-timeline":
            defaults = panel["fieldConfig"]["defaults"]
            assert panel["options"]["mergeValues"]
            assert defaults["color"]["mode"] == "fixed"
            assert all(each["color"] for each in defaults["mappings"][0]["options"].values())


def test_datastores_have_a_neutral_palette() -> None:
    """No datastore is green or red: they are shades of one colour."""
    (panel,) = (p for p in panels(loaded("overview")) if p["title"] == "Stored size by datastore")

    assert panel["fieldConfig"]["defaults"]["color"] == {"mode": "shades", "fixedColor": "blue"}


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


def test_statuses_have_their_colours() -> None:
    """Where backups are counted by status, green is good, red is bad, blue is running."""
    (panel,) = (panel for panel in panels(loaded("overview")) if panel["title"] == "Backups by status")
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
        for group in re.findall(r"(?:by|on|group_left|ignoring) \(([^)]*)\)", query)
        for label in filter(None, group.split(", "))
    }

    assert metrics
    assert metrics <= served_names()
    assert labels <= served_labels() | ALERT_LABELS | OUR_LABELS


def test_every_selector_heeds_the_variables(dashboard: Json) -> None:
    """What is shown is chosen; what is only joined with it has no matchers, or selects one database."""
    for query in queries(dashboard):
        selectors = SELECTOR.findall(query)
        metrics = re.findall(r"\bup\b|\bALERTS\w*|\bbycloud:[a-z_:]+", query)
        chosen = [
            name
            for name, labels in selectors
            if CHOSEN in (labels.replace('"$target|"', '"$target"') if EXPORTER.fullmatch(name) else labels)
        ]

        assert chosen
        assert {*METRIC.findall(query), *metrics} - {name for name, _ in selectors} <= JOINED
        assert all(MATCHED.search(labels) for _, labels in selectors)


def test_no_query_is_long(dashboard: Json) -> None:
    """Every query fits in a URL, and can be read."""
    for query in queries(dashboard):
        assert len(query) <= LONGEST
        assert len(urllib.parse.quote(query)) <= LONGEST_IN_URL


def test_counters_are_rates_over_the_right_interval(dashboard: Json) -> None:
    """Counters and histograms appear only in rates over Grafana's rate interval."""
    for query in queries(dashboard):
        counters = re.findall(r"\w+_(?:total|bucket)\b", query)
        rates = re.findall(r"rate\(\w+_(?:total|bucket)\{[^}]*\}\[\$__rate_interval\]\)", query)

        assert len(counters) == len(rates) == query.count("rate(")


def test_ages_come_from_timestamps(dashboard: Json) -> None:
    """Ages are `time()` minus a timestamp, so that they grow during an outage."""
    aged = [q for q in queries(dashboard) if re.search(r"(?<!objective)(?<!objective_full)_age_seconds", q)]

    assert not aged


def test_no_panel_invents_a_zero_or_a_status(dashboard: Json) -> None:
    """No query has `or vector(0)`: a dead exporter must not look good. Only a variable names statuses."""
    assert not [query for query in queries(dashboard) if "vector(" in query]
    assert not [query for query in queries(dashboard) if STATUS.search(query)]


def test_replicas_double_no_number(dashboard: Json) -> None:
    """Every fact of a database is the largest of its replicas before anything else is made of it."""
    target = r"cluster, namespace, job, target"
    largest = rf"max by \({target}[^)]*\) \(bycloud_database_"
    over_time = rf"max by \({target}[^)]*\) \(changes\(bycloud_database_|\w+_over_time\(.*?bycloud_database_"
    changed = r"- resets\(bycloud_database_|and on \([^)]*\) last_over_time\(bycloud_database_"

    for query in queries(dashboard):
        bare = re.sub(rf"{largest}|{over_time}|{changed}", "", query)
        assert not re.search(r"bycloud_database_\w+\{", bare)


def _column(dashboard: Json, title: str, field: str) -> Json:
    """Return the overrides of a column of a table."""
    (table,) = (p for p in panels(dashboard) if (p["title"], p["type"]) == (title, "table"))
    (override,) = (o for o in table["fieldConfig"]["overrides"] if o["matcher"]["options"] == field)
    return {each["id"]: each["value"] for each in override["properties"]}


def _uid(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8"))["uid"])
