"""The dashboards' queries on a real Prometheus with history: what tiles and tables show, and never show."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from alerts.source.settings import Settings
from dashboards.source.files import FILES, rendered
from tests.support.dashboard_history import BEGIN, DAY, END, HOUR, Database, Target, line, served_history
from tests.support.dashboards import DASHBOARDS, Shown, View, loaded, panels

pytestmark = pytest.mark.slow

GREY: Final = "#7b8087"
OUTAGE: Final = END - 3 * HOUR
NEVER: Final = BEGIN - 1
PROBLEMS: Final = ("No backup", "Too old", "Running too long", "Last attempt failed", "Unrestorable")
OK: Final = Database(id="ok")
FACTS: Final = (
    OK,
    Database(id="grows-old", newest_age=31 * HOUR),
    Database(id="ran", running_age=9 * HOUR, ran_until=OUTAGE - 0.1 * HOUR),
)
TROUBLES: Final = (
    OK,
    Database(id="never", newest_age=None),
    Database(id="old", newest_age=31 * HOUR),
    Database(id="stuck", running_age=7 * HOUR),
    Database(id="runs", running_age=HOUR),
    Database(id="failing", failed=1, failures=(END - 9 * HOUR, END - 5 * HOUR, END - 2 * HOUR)),
    Database(id="broken", broken=3, usable_age=0.5 * HOUR),
    Database(id="once-broken", broken=2),
    Database(id="retired", newest_age=90 * DAY, objective=None, failed=1),
    Database(id="replica", newest_age=None, objective=None),
)
TEAMS: Final = (
    Database(id="payments", newest_age=31 * HOUR, team="payments"),
    Database(id="web", newest_age=40 * HOUR, team="web", datastore="redis"),
    Database(id="unowned", newest_age=50 * HOUR),
)
WAITING: Final = (
    Database(id="waits", broken=1, waiting=1, usable_age=0.5 * HOUR),
    Database(id="waited", broken=1, waiting=1, waited_until=OUTAGE - HOUR / 2, usable_age=0.5 * HOUR),
)
TARGETS: Final = (
    Target(cluster="healthy", databases=(OK, Database(id="retired", objective=None))),
    Target(cluster="never-read", read_until=NEVER),
    Target(cluster="half-read", databases=(OK,)),
    Target(cluster="half-read", name="b", read_until=NEVER),
    Target(cluster="outage", databases=FACTS, read_until=OUTAGE),
    Target(cluster="exporter-down", databases=FACTS, up_until=OUTAGE),
    Target(cluster="troubles", databases=TROUBLES),
    Target(cluster="replicas", databases=TROUBLES),
    Target(cluster="replicas", databases=TROUBLES, instance="two:10140", phase=30),
    Target(cluster="one-replica", databases=(OK,), up_until=OUTAGE),
    Target(cluster="one-replica", databases=(OK,), instance="two:10140", phase=30),
    Target(cluster="equal", namespace="n1", databases=(TROUBLES[2],)),
    Target(cluster="equal", namespace="n2", databases=(TROUBLES[2],)),
    Target(cluster="waiting", databases=WAITING),
    Target(cluster="waiting-outage", databases=WAITING, read_until=OUTAGE),
    Target(cluster="shared", databases=(TROUBLES[0],)),
    Target(
        cluster="shared", name="b", databases=(replace(TROUBLES[3], id="ok"), replace(TROUBLES[1], id="new"))
    ),
    Target(cluster="shared", name="c", databases=(replace(TROUBLES[0], id="new"),)),
    Target(cluster="accounts", environment="one", databases=(TROUBLES[2],)),
    Target(cluster="accounts", environment="two", databases=(TROUBLES[2],)),
    Target(cluster="teams", databases=TEAMS),
    Target(cluster="removed", databases=(OK,)),
    Target(cluster="removed", name="gone", databases=(OK,), known_until=OUTAGE),
    Target(cluster="ahead", databases=(OK,), clock_ahead=HOUR),
    Target(cluster="rare", databases=(OK,), every=600, phase=120),
    Target(cluster="", namespace="", name="", job="alone", databases=(OK,)),
)
ALERT: Final = {
    "alertname": "ByCloudBackupTooOld",
    "severity": "critical",
    "cluster": "troubles",
    "namespace": "backups",
    "job": "bycloud-backups",
    "target": "a",
    "instance_id": "old",
}


def evaluated(name: str, minutes: float) -> Iterator[str]:
    """Yield what the last evaluation of a firing alert wrote, some minutes ago."""
    alert = {
        "alertname": name,
        "severity": "warning",
        "cluster": "slow",
        "job": "bycloud-backups",
        "target": name,
    }
    yield line("ALERTS", {**alert, "alertstate": "firing"}, 1.0, END - 60 * minutes)
    yield line("ALERTS_FOR_STATE", alert, END - HOUR, END - 60 * minutes)


ALERTS: Final = (
    line("ALERTS", {**ALERT, "alertstate": "firing"}, 1.0, END),
    line("ALERTS_FOR_STATE", ALERT, END - HOUR, END),
    line("ALERTS", {**ALERT, "alertstate": "pending", "instance_id": "stuck"}, 1.0, END),
    line("ALERTS_FOR_STATE", {**ALERT, "instance_id": "stuck"}, END, END),
    *evaluated("ByCloudBackupGap", 9),
    *evaluated("ByCloudBackupErrorBudgetBurn", 59),
    *evaluated("ByCloudBackupTooOld", 6),
    line("bycloud:exporter:scrapes", {"cluster": "healthy", "job": "bycloud-backups"}, 10.0, END),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a Prometheus that has the history of all targets."""
    with served_history(TARGETS, ALERTS, tmp_path_factory.mktemp("history")) as served:
        yield served


def overview(url: str, cluster: str, **chosen: str) -> View:
    """Return the overview of one cluster."""
    return View(loaded("overview"), url, END, {"cluster": cluster, **chosen})


def instance(url: str, cluster: str, database: str, **chosen: str) -> View:
    """Return the dashboard of one database."""
    return View(loaded("instance"), url, END, {"cluster": cluster, "database": database, **chosen})


def ids(view: View) -> set[str]:
    """Return the databases that the overview's table has: those with an identity that `show` selects."""
    rows = view.rows("Databases, worst first")
    return {key[-1] for key, row in rows.items() if "instance_name" in row and "K" in row}


def colors(tiles: Mapping[str, Shown]) -> Mapping[str, str]:
    """Return the colour of every tile."""
    return {title: shown.color for title, shown in tiles.items()}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("cluster", [".*", "outage", "never-read", "replicas"])
def test_every_query_runs(url: str, path: Path, cluster: str) -> None:
    """Prometheus evaluates every query of every panel, at a time and over a range."""
    view = View(loaded(path.stem), url, END, {"cluster": cluster, "database": "old"})

    for panel in panels(view.dashboard):
        for target in panel["targets"]:
            if target.get("instant"):
                view.ask(target["expr"])
            else:
                view.ask_range(target["expr"], END - 12 * HOUR, HOUR)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_what_is_not_chosen_is_not_shown(url: str, path: Path) -> None:
    """No query of any panel has a result where no target is chosen, whatever it is joined with."""
    view = View(loaded(path.stem), url, END, {"cluster": "unknown", "database": "old"})

    for panel in panels(view.dashboard):
        assert not [target for target in panel["targets"] if view.ask(target["expr"])]


def test_a_healthy_fleet_is_green(url: str) -> None:
    """Where everything is read and well, every tile is green."""
    tiles = overview(url, "healthy").tiles()

    assert set(colors(tiles).values()) == {"green"}
    assert tiles["Within objective"].text == "1"
    assert {tiles[title].text for title in (*PROBLEMS, "Targets not read", "Firing alerts")} == {"0"}


@pytest.mark.parametrize("dashboard", ["overview", "exporter"])
def test_a_target_that_was_never_read_is_not_good(url: str, dashboard: str) -> None:
    """A target that has never been read is red, its data too, and no tile about databases is green."""
    tiles = View(loaded(dashboard), url, END, {"cluster": "never-read"}).tiles()

    assert tiles["Targets not read"] == Shown("1", "red")
    assert tiles["Oldest data"] == Shown("never read", "red")
    assert {shown for title, shown in tiles.items() if title in PROBLEMS} <= {Shown("no data", GREY)}
    assert tiles.get("Within objective", Shown("no data", GREY)) == Shown("no data", GREY)


def test_nothing_at_all_is_not_good(url: str) -> None:
    """Where Prometheus knows nothing, no tile has a number."""
    tiles = overview(url, "unknown").tiles()

    assert {shown.text for shown in tiles.values()} == {"no data", "no rules"}
    assert set(colors(tiles).values()) == {GREY, "red"}
    assert tiles["Targets not read"].color == tiles["Oldest data"].color == "red"


def test_one_target_that_was_never_read_makes_nothing_green(url: str) -> None:
    """A healthy target does not hide one that has never been read."""
    tiles = overview(url, "half-read").tiles()

    assert "green" not in colors(tiles).values()
    assert tiles["Oldest data"] == Shown("never read", "red")
    assert tiles["Too old"] == Shown("0 known", GREY)
    assert tiles["Within objective"] == Shown("100 % known", GREY)


@pytest.mark.parametrize("cluster", ["outage", "exporter-down"])
def test_an_outage_keeps_the_last_facts(url: str, cluster: str) -> None:
    """During an outage the known problems stay red, ages grow, and what would be good is grey."""
    tiles = overview(url, cluster).tiles()

    assert tiles["Targets not read"] == Shown("1", "red")
    assert tiles["Oldest data"].color == "red"
    assert tiles["Too old"] == Shown("1", "red")
    assert tiles["Running too long"] == Shown("0 known", GREY)
    assert tiles["Within objective"] == Shown("0.666", "red")
    assert "green" not in colors(tiles).values()


def test_a_dead_exporter_is_noticed_at_once(url: str) -> None:
    """An exporter that cannot be scraped is not read, although a scrape of minutes ago was good."""
    view = View(loaded("overview"), url, OUTAGE + 480, {"cluster": "exporter-down"})

    assert view.tile("Targets not read") == Shown("1", "red")
    assert view.tile("Unrestorable") == Shown("0 known", GREY)


@pytest.mark.parametrize("cluster", ["outage", "exporter-down"])
def test_an_outage_dates_the_last_facts(url: str, cluster: str) -> None:
    """The table has the last known facts and when they were read; what had ended does not return."""
    rows = overview(url, cluster).rows("Databases, worst first")
    by_id = {key[-1]: row for key, row in rows.items()}

    assert set(by_id) == {"ok", "grows-old", "ran"}
    assert by_id["grows-old"]["B"] == 5
    assert by_id["ok"]["B"] == by_id["ran"]["B"] == 0.5
    assert "F" not in by_id["ran"]
    assert {round(row["J"] / 1000) for row in by_id.values()} == {OUTAGE}
    assert by_id["ok"]["instance_name"] == "ok-name"


@pytest.mark.parametrize("cluster", ["waiting", "waiting-outage"])
def test_waiting_for_a_running_parent_is_no_problem(url: str, cluster: str) -> None:
    """While the newest backup waits for its parent, a broken older one makes no database unrestorable."""
    view = overview(url, cluster)
    rows = view.rows("Databases, worst first")

    assert view.tile("Unrestorable") == Shown("1", "red")
    assert ids(overview(url, cluster, show="2")) == {"waited"}
    assert {key[-1]: row["H"] for key, row in rows.items()} == {"waits": 1, "waited": 1}


def test_an_outage_leaves_the_heat_map_empty(url: str) -> None:
    """During an outage the heat map shows nothing: nothing is known."""
    view = overview(url, "outage")
    rows = view.panel("Ages as a share of the objective", "heatmap")["targets"]

    assert all(not view.ask(row["expr"]) for row in rows)


def test_the_heat_map_has_every_database_once(url: str) -> None:
    """Every database with an objective is in one row of the heat map, also without a backup."""
    view = overview(url, "troubles")
    (target,) = view.panel("Ages as a share of the objective", "heatmap")["targets"]
    counts = {row["metric"]["share"]: float(row["value"][1]) for row in view.ask(target["expr"])}

    assert sum(counts.values()) == len(TROUBLES) - 2
    assert counts["no backup"] == counts["100 to 125 %"] == 1
    assert len(counts) == 10


@pytest.mark.parametrize("cluster", ["troubles", "replicas"])
def test_each_problem_is_counted_once(url: str, cluster: str) -> None:
    """Tiles count each database's problems once, however many replicas serve it."""
    tiles = overview(url, cluster).tiles()

    assert {title: tiles[title] for title in PROBLEMS} == dict.fromkeys(PROBLEMS, Shown("1", "red"))
    assert tiles["Within objective"] == Shown("0.75", "red")
    assert tiles["Targets not read"] == Shown("0", "green")


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("0", {database.id for database in TROUBLES}),
        ("6", {"never"}),
        ("5", {"old"}),
        ("4", {"stuck"}),
        ("3", {"failing"}),
        ("2", {"broken"}),
    ],
)
def test_a_tile_links_to_what_it_counts(url: str, show: str, expected: set[str]) -> None:
    """The variable that a tile's link sets reduces the table to the databases that the tile counts."""
    assert ids(overview(url, "troubles", show=show)) == expected


def test_the_table_says_what_is_wrong(url: str) -> None:
    """The table has the worst state of each database, its running time, broken backups and window."""
    rows = overview(url, "troubles").rows("Databases, worst first")
    by_id = {key[-1]: row for key, row in rows.items()}
    states = {
        "ok": 1,
        "never": 6,
        "old": 5,
        "stuck": 4,
        "runs": 1,
        "failing": 3,
        "broken": 2,
        "once-broken": 1,
    }

    assert {name: row["B"] for name, row in by_id.items()} == {**states, "retired": 0, "replica": 0}
    assert (by_id["stuck"]["F"], by_id["broken"]["H"], by_id["ok"]["I"]) == (7, 3, 7)
    assert by_id["never"]["D"] > 1e9 / HOUR
    assert "D" not in by_id["replica"]


def test_sums_over_replicas_do_not_double(url: str) -> None:
    """Numbers and sizes of backups and failed attempts are the same with one replica and with two."""
    titles = ("Backups by status", "Stored size by datastore", "Failed attempts per day")
    sums = {
        cluster: [
            [float(result["value"][1]) for result in view.ask(target["expr"])]
            for title in titles
            for target in view.panel(title, "timeseries")["targets"]
        ]
        for cluster in ("troubles", "replicas")
        for view in [View(loaded("overview"), url, END // DAY * DAY, {"cluster": cluster})]
    }

    assert sums["troubles"] == sums["replicas"] == [[80.0], [8e9], [3.0]]


def test_a_dead_replica_is_no_outage(url: str) -> None:
    """A target is read while one replica reads it; the exporter's dashboard shows the failing scrapes."""
    tiles = overview(url, "one-replica").tiles()
    exporter = View(loaded("exporter"), url, END, {"cluster": "one-replica"})

    assert tiles["Targets not read"] == Shown("0", "green")
    assert tiles["Too old"] == Shown("0", "green")
    assert exporter.tile("Scrapes failing") == Shown("1", "red")


def test_targets_with_equal_names_stay_apart(url: str) -> None:
    """Targets and databases of equal names in two namespaces are two, and their links lead to one each."""
    view = overview(url, "equal")
    rows = view.rows("Databases, worst first")

    assert view.tile("Too old") == Shown("2", "red")
    assert {(row["to_namespace"], row["place"]) for row in rows.values()} == {
        ("n1", "equal/n1/bycloud-backups/a"),
        ("n2", "equal/n2/bycloud-backups/a"),
    }
    assert overview(url, "equal", namespace="n1").tile("Too old") == Shown("1", "red")


def test_the_worse_of_two_targets_is_shown(url: str) -> None:
    """Of a database that two targets list, the dashboard of one database shows what is worse."""
    stuck, missing = instance(url, "shared", "ok").tiles(), instance(url, "shared", "new").tiles()

    assert stuck["Running for"] == Shown("7", "red")
    assert missing["Restorable"] == Shown("0", "red")
    assert missing["Newest restorable"] == missing["Of its objective"] == Shown("no backup", "red")


@pytest.mark.parametrize("name", FILES)
def test_further_labels_tell_accounts_apart(url: str, name: str) -> None:
    """With further labels among the settings, accounts that differ in these stay apart in every query."""
    dashboard = json.loads(rendered(name, Settings(labels=("environment",))))
    view = View(dashboard, url, END, {"cluster": "accounts", "database": "old"})

    for panel in panels(dashboard):
        for target in panel["targets"]:
            view.ask(target["expr"])
    if name == "overview.json":
        assert view.tile("Too old") == Shown("2", "red")
        assert overview(url, "accounts").tile("Too old") == Shown("1", "red")


def test_a_target_without_labels_has_a_name_and_a_link(url: str) -> None:
    """Where a target's labels are absent, its name is what is left, and its link selects all."""
    rows = overview(url, ".*", job="alone").rows("Databases, worst first")
    (row,) = rows.values()

    assert row["place"] == "alone"
    assert (row["to_cluster"], row["to_namespace"], row["to_target"]) == ("All", "All", "All")


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {"payments", "web", "unowned"}),
        ({"team": "payments"}, {"payments"}),
        ({"team": "(payments|web)"}, {"payments", "web"}),
        ({"datastore": "redis"}, {"web"}),
    ],
)
def test_teams_and_datastores_select(url: str, chosen: dict[str, str], expected: set[str]) -> None:
    """The variables select databases in tiles and table; `All` includes those without a team."""
    view = overview(url, "teams", **chosen)

    assert ids(view) == expected
    assert view.tile("Too old").text == str(len(expected))


def test_a_removed_target_is_not_missed(url: str) -> None:
    """A target that Prometheus no longer has is not failing while others of its place are left."""
    view = overview(url, "removed")

    assert view.tile("Targets not read") == Shown("0", "green")
    assert ids(view) == {"ok"}
    assert len(view.rows("Databases, worst first")) == 1


def test_no_age_is_negative(url: str) -> None:
    """An exporter whose clock is ahead has data of age 0."""
    assert overview(url, "ahead").tile("Oldest data") == Shown("0", "green")


@pytest.mark.parametrize("minutes", [1, 3, 5, 7, 9])
def test_rare_scrapes_are_no_outage(url: str, minutes: int) -> None:
    """Where scrapes are ten minutes apart, tiles have their numbers at any moment between two."""
    view = View(loaded("overview"), url, END - 8 * 60 - HOUR + minutes * 60, {"cluster": "rare"})
    tiles = view.tiles()

    assert tiles["Targets not read"] == Shown("0", "green")
    assert tiles["Too old"] == Shown("0", "green")
    assert tiles["Within objective"] == Shown("1", "green")


def test_failed_attempts_count_from_the_first(url: str) -> None:
    """The bar of a day counts the first failed attempt too, and a day without a read target has no bar."""
    (target,) = overview(url, "troubles").panel("Failed attempts per day", "timeseries")["targets"]
    midnight = END // DAY * DAY
    counted = View(loaded("overview"), url, midnight, {"cluster": "troubles"}).ask(target["expr"])
    absent = View(loaded("overview"), url, midnight, {"cluster": "never-read"}).ask(target["expr"])

    assert [result["value"][1] for result in counted] == ["3"]
    assert not absent


def test_firing_alerts_are_listed(url: str) -> None:
    """Firing alerts are counted and listed with the database's name and beginning; pending ones are not."""
    view = overview(url, "troubles")
    rows = view.rows("Firing alerts")
    (row,) = rows.values()

    assert view.tile("Firing alerts") == Shown("1", "red")
    assert (row["alertname"], row["instance_name"]) == ("ByCloudBackupTooOld", "old-name")
    assert (row["A"], row["B"]) == (1000 * (END - HOUR), 3)


def test_absent_rules_are_not_good(url: str) -> None:
    """Where no rules are evaluated, the tile of alerts is grey."""
    assert overview(url, "one-replica").tile("Firing alerts") == Shown("no rules", GREY)


def test_an_alert_fires_between_two_evaluations(url: str) -> None:
    """Rules that are evaluated every ten minutes or every hour leave gaps that are no end."""
    view = overview(url, "slow")
    names = sorted(row["alertname"] for row in view.rows("Firing alerts").values())

    assert names == ["ByCloudBackupErrorBudgetBurn", "ByCloudBackupGap"]
    assert view.tile("Firing alerts") == Shown("2", "red")


def test_a_database_without_any_backup_is_red(url: str) -> None:
    """A database that has never had a backup is red, not grey."""
    tiles = instance(url, "troubles", "never").tiles()

    assert tiles["Newest restorable"] == Shown("no backup", "red")
    assert tiles["Of its objective"] == Shown("no backup", "red")
    assert tiles["Restorable"] == Shown("0", "red")
    assert tiles["Last attempt"] == Shown("none yet", GREY)
    assert instance(url, "troubles", "replica").tile("Newest restorable") == Shown("no backup", GREY)


def test_a_stuck_backup_is_red(url: str) -> None:
    """A backup that has been running for too long is red, one within its objective is not."""
    assert instance(url, "troubles", "stuck").tile("Running for") == Shown("7", "red")
    assert instance(url, "troubles", "runs").tile("Running for") == Shown("1", "blue")
    assert instance(url, "troubles", "ok").tile("Running for") == Shown("nothing runs", GREY)


def test_many_restorable_backups_are_no_praise(url: str) -> None:
    """The number of restorable backups is neutral, whatever the age of the newest."""
    tiles = instance(url, "troubles", "old").tiles()

    assert tiles["Restorable"] == Shown("10", GREY)
    assert tiles["Of its objective"].color == "red"


def test_a_database_is_grey_in_an_outage(url: str) -> None:
    """What would be good is grey while the database's target is not read, and its data's age is red."""
    tiles = instance(url, "outage", "ok").tiles()

    assert "green" not in colors(tiles).values()
    assert tiles["Last attempt"] == Shown("was OK", GREY)
    assert tiles["Age of this data"].color == "red"
    assert instance(url, "outage", "grows-old").tile("Of its objective").color == "red"


def objective(view: View) -> Mapping[str, Mapping[str, float]]:
    """Return the parts of a database's objective by query: required, what there is, and the state."""
    return {
        target["refId"]: {
            result["metric"]["part"]: float(result["value"][1]) for result in view.ask(target["expr"])
        }
        for target in view.panel("Objective", "table")["targets"]
    }


def test_an_objective_says_what_is_missed(url: str) -> None:
    """The table of the objective has each part that is required, what there is, and which is missed."""
    found = objective(instance(url, "troubles", "stuck"))

    assert found["A"] == {"age of the newest": 30 * HOUR, "time of the running one": 6 * HOUR}
    assert found["B"]["time of the running one"] == 7 * HOUR
    assert found["C"] == {"age of the newest": 0, "time of the running one": 1}
    assert objective(instance(url, "troubles", "never"))["C"] == {"age of the newest": 1}


def test_every_target_is_listed(url: str) -> None:
    """The exporter's dashboard lists every target with its state: never read, failing or OK."""
    rows = View(loaded("exporter"), url, END).rows("Targets")
    states = {row["place"]: row["B"] for row in rows.values() if "place" in row}

    assert states["never-read/backups/bycloud-backups/a"] == 2
    assert states["outage/backups/bycloud-backups/a"] == 1
    assert states["exporter-down/backups/bycloud-backups/a"] == 1
    assert states["replicas/backups/bycloud-backups/a"] == 0
    assert not any(place.endswith("/gone") for place in states)


def test_equal_targets_of_two_clusters_stay_apart(url: str) -> None:
    """Two clusters at once, with equal targets, jobs and databases, are no error and no duplicate."""
    view = overview(url, "(troubles|replicas)")

    assert view.tile("Too old") == Shown("2", "red")
    assert len(view.rows("Databases, worst first")) == 2 * len(TROUBLES)
    assert view.tile("Within objective").text == "0.75"
