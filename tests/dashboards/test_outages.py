"""What the dashboards show of what is not known, not judged or gone, on a real Prometheus."""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from dashboards.source.database_tables import MET, UNREAD
from tests.support.dashboard_history import BEGIN, DAY, END, HOUR, Database, Target, line, served_history
from tests.support.dashboards import Shown, View, loaded

pytestmark = pytest.mark.slow

GREY: Final = "#7b8087"
OUTAGE: Final = END - 3 * HOUR
LONG_AGO: Final = END - 24.5 * HOUR
NEVER: Final = BEGIN - 1
PROBLEMS: Final = ("No backup", "Too old", "Running too long", "Last attempt failed", "Unrestorable")
OK: Final = Database(id="ok")
OLD: Final = Database(id="old", newest_age=40 * HOUR)
OLDER: Final = Database(id="older", newest_age=50 * HOUR)
RETIRED: Final = Database(id="retired", newest_age=None, objective=None)
CHAIN: Final = {
    "restorable_newest_chain_length": 5.0,
    "backup_objective_chain_length": 3.0,
    "backup_objective_retention_seconds": 5 * DAY,
}
LOST: Final = Database(id="lost", newest_age=40 * HOUR)
WITHIN_THE_HOUR: Final = OUTAGE - 0.25 * HOUR
REPLACED_AT: Final = OUTAGE - 0.75 * HOUR
FAILED: Final = Database(id="database", failed=1, running_age=9 * HOUR)
DELETED: Final = Database(id="deleted", newest_age=40 * HOUR)
MOVING: Final = Database(id="moving", newest_age=40 * HOUR)
OWNED: Final = Database(id="owned", more=CHAIN)
TARGETS: Final = (
    Target(cluster="healthy", databases=(OK,)),
    Target(cluster="healthy", job="node", name="", up_until=NEVER),
    Target(cluster="long-down", databases=(OLD,), up_until=LONG_AGO),
    Target(cluster="never-scraped", up_until=NEVER),
    Target(cluster="vanished", job="one", databases=(OK,)),
    Target(cluster="vanished", job="two", databases=(LOST,), known_until=OUTAGE),
    Target(cluster="moved", namespace="before", databases=(OLD,), known_until=OUTAGE),
    Target(cluster="moved", namespace="after", databases=(OLD,), known_from=OUTAGE + 120),
    Target(cluster="left", databases=(MOVING,), known_until=OUTAGE),
    Target(cluster="joined", databases=(MOVING,), known_from=OUTAGE + 120),
    Target(cluster="replaced", databases=(FAILED, DELETED), instance="old:10140", known_until=REPLACED_AT),
    Target(
        cluster="replaced",
        databases=(Database(id="database"),),
        instance="new:10140",
        known_from=REPLACED_AT + 60,
        read_until=WITHIN_THE_HOUR,
    ),
    Target(cluster="no-limit", databases=(Database(id="endless", duration=None, running_age=25 * HOUR),)),
    Target(cluster="no-objective", databases=(RETIRED,)),
    Target(cluster="stale", databases=(OK,), read_until=END - 20 * HOUR, stale_after=DAY),
    Target(cluster="both-old", databases=(OLD, OLDER), read_until=OUTAGE),
    Target(cluster="forgotten", databases=(OLD,), read_until=LONG_AGO),
    Target(cluster="rare", databases=(OK,), every=600, phase=120),
    Target(cluster="paced", databases=(OK,), clock_ahead=-5 * HOUR, walk_interval=6 * HOUR),
    Target(cluster="late", databases=(OK,), clock_ahead=-8 * HOUR, walk_interval=6 * HOUR),
    Target(cluster="chains", databases=(OWNED,)),
    Target(cluster="chains-unseen", databases=(OWNED,), read_until=OUTAGE),
    Target(cluster="brief", databases=(Database(id="brief", newest_age=42 * DAY, objective=HOUR),)),
    Target(cluster="unread", databases=(Database(id="unread", newest_age=None, objective=30 * DAY),)),
    Target(cluster="half", databases=(OK,)),
    Target(cluster="half", databases=(OK,), instance="two:10140", read_until=NEVER),
)


def own(cluster: str, **labels: str) -> Mapping[str, str]:
    """Return the labels of a target's series."""
    return {"cluster": cluster, "namespace": "backups", "job": "bycloud-backups", "target": "a", **labels}


def firing(cluster: str, name: str, **labels: str) -> Iterator[str]:
    """Yield a firing alert."""
    alert = own(cluster, alertname=name, severity="critical", **labels)
    yield line("ALERTS", {**alert, "alertstate": "firing"}, 1.0, END)
    yield line("ALERTS_FOR_STATE", alert, END - HOUR, END)


EXPORTER: Final = {
    "cluster": "healthy",
    "namespace": "backups",
    "job": "bycloud-backup-exporter",
    "instance": "x",
}
NAME: Final = "bycloud_database_instance_info"
LINES: Final = (
    *firing("alerting", "ByCloudExporterDown"),
    *firing("alerting", "ByCloudBackupTooOld", team="web", instance_id="web"),
    *firing("alerting", "ByCloudBackupTooOld", instance_id="unowned"),
    line("bycloud:exporter:scrapes", own("stopped"), 10.0, END - HOUR),
    line("bycloud_exporter_build_info", EXPORTER, 1.0, END),
    line("bycloud_exporter_config_last_reload_successful", EXPORTER, 1.0, END),
    line("bycloud_scrape_failure", own("half", instance="two:10140", reason="auth"), 1.0, END),
    line("bycloud_scrape_collector_success", own("half", collector="instances"), 0.0, END),
    line(NAME, own("renamed", instance_id="id", instance_name="before"), 1.0, END - HOUR),
    line(NAME, own("renamed", instance_id="id", instance_name="now"), 1.0, END),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a Prometheus that has the history of all targets."""
    with served_history(TARGETS, LINES, tmp_path_factory.mktemp("outages")) as served:
        yield served


def view(url: str, dashboard: str, cluster: str, **chosen: str) -> View:
    """Return a dashboard of one cluster."""
    return View(loaded(dashboard), url, END, {"cluster": cluster, **chosen})


def greens(tiles: Mapping[str, Shown]) -> set[str]:
    """Return the tiles that are green, but for those that alerts and replicas have."""
    return {title for title, shown in tiles.items() if shown.color == "green"}


def databases(shown: View) -> list[str]:
    """Return the databases of the overview's table."""
    return sorted(key[-1] for key, row in shown.rows("Databases, worst first").items() if "K" in row)


@pytest.mark.parametrize("cluster", ["long-down", "never-scraped"])
def test_an_exporter_that_is_down_for_long_is_red(url: str, cluster: str) -> None:
    """A target whose scrapes have failed for a day, or always, is red, also beside a healthy one."""
    both = view(url, "overview", f"(healthy|{cluster})")
    states = {row.get("place"): row["B"] for row in view(url, "exporter", cluster).rows("Targets").values()}

    assert both.tile("Targets not read") == Shown("1", "red")
    assert both.tile("Oldest data").color == "red"
    assert not greens(both.tiles())
    assert states == {f"{cluster}/backups/bycloud-backups/a": 1 if cluster == "long-down" else 2}


def test_other_programs_are_no_targets(url: str) -> None:
    """A job that is down and has nothing to do with the exporter counts nowhere."""
    tiles = view(url, "overview", "healthy").tiles()

    assert tiles["Targets not read"] == Shown("0", "green")
    assert set(PROBLEMS) < greens(tiles)


def test_a_job_that_vanished_is_not_read(url: str) -> None:
    """Where Prometheus has lost a job beside another, its target is red for a day, with its last facts."""
    shown = view(url, "overview", "vanished")

    assert shown.tile("Targets not read") == Shown("1", "red")
    assert shown.tile("Too old") == Shown("1", "red")
    assert databases(shown) == ["lost", "ok"]


def test_a_target_that_moved_counts_once(url: str) -> None:
    """A target whose databases another one serves by now has moved: they count once."""
    shown = view(url, "overview", "moved")

    assert shown.tile("Targets not read") == Shown("0", "green")
    assert shown.tile("Too old") == Shown("1", "red")
    assert databases(shown) == ["old"]


def test_a_target_that_moved_elsewhere_is_not_missed(url: str) -> None:
    """A target whose databases are served by one that is not chosen has moved too."""
    shown = view(url, "overview", "(healthy|left)")

    assert shown.tile("Targets not read") == Shown("0", "green")
    assert databases(shown) == ["ok"]


def test_what_had_ended_does_not_return(url: str) -> None:
    """In an outage, what only an exporter served that was replaced minutes before is not known."""
    shown = view(url, "overview", "replaced")
    tiles = shown.tiles()

    assert databases(shown) == ["database"]
    assert {tiles[title] for title in PROBLEMS} == {Shown("0 known", GREY)}


def test_what_has_no_limit_is_not_good(url: str) -> None:
    """Where no backup's duration is limited, none is within its limit."""
    tiles = view(url, "overview", "no-limit").tiles()

    assert tiles["Running too long"] == Shown("no limit", GREY)
    assert tiles["Too old"] == Shown("0", "green")


def test_what_has_no_objective_is_not_good(url: str) -> None:
    """Where no database has an objective, none meets it."""
    tiles = view(url, "overview", "no-objective").tiles()
    judged = {title: tiles[title] for title in ("Within objective", *PROBLEMS[:2], PROBLEMS[3])}

    assert set(judged.values()) == {Shown("no objective", GREY)}
    assert tiles["Running too long"] == Shown("no limit", GREY)


def test_stale_facts_are_not_good(url: str) -> None:
    """Facts that the exporter serves although its walks fail are those of an outage."""
    tiles = view(url, "overview", "stale").tiles()

    assert tiles["Too old"] == Shown("0 known", GREY)
    assert not greens(tiles)


def test_an_outage_hides_no_missed_objective(url: str) -> None:
    """In an outage the share of databases within their objective stays red."""
    tiles = view(url, "overview", "both-old").tiles()

    assert tiles["Within objective"] == Shown("0", "red")
    assert tiles["Too old"] == Shown("2", "red")


@pytest.mark.parametrize("cluster", ["forgotten", "long-down", "never-scraped"])
def test_forgotten_facts_are_not_known(url: str, cluster: str) -> None:
    """Where nothing is known of databases, tiles say no data instead of a number."""
    tiles = view(url, "overview", cluster).tiles()

    assert {tiles[title] for title in ("Within objective", *PROBLEMS)} == {Shown("no data", GREY)}
    assert tiles["Oldest data"].color == "red"


def test_rare_scrapes_have_charts(url: str) -> None:
    """Where scrapes are ten minutes apart, charts have a value for every hour."""
    shown = view(url, "overview", "rare")
    titles = {"Ages as a share of the objective": "heatmap", "Backups by status": "timeseries"}

    for title, kind in titles.items():
        (target,) = shown.panel(title, kind)["targets"]
        assert sum(float(result["value"][1]) for result in shown.ask(target["expr"])) > 0


@pytest.mark.parametrize("dashboard", ["overview", "exporter", "instance"])
def test_paced_walks_are_not_late(url: str, dashboard: str) -> None:
    """Data is too old an hour after the next walk was due."""
    title = "Age of this data" if dashboard == "instance" else "Oldest data"
    colors = [view(url, dashboard, each, database="ok").tile(title).color for each in ("paced", "late")]

    assert colors == ["green", "red"]


def test_alerts_of_targets_concern_every_team(url: str) -> None:
    """A team sees its own alerts and those of targets, which have no team."""
    shown = view(url, "overview", "alerting", team="web")
    names = sorted(row["alertname"] for row in shown.rows("Firing alerts").values())

    assert shown.tile("Firing alerts") == Shown("2", "red")
    assert names == ["ByCloudBackupTooOld", "ByCloudExporterDown"]


def test_rules_that_stopped_are_not_good(url: str) -> None:
    """Where the rules are no longer evaluated, no firing alert is no news."""
    assert view(url, "overview", "stopped").tile("Firing alerts") == Shown("no rules", GREY)


def test_a_share_is_told_from_no_backup(url: str) -> None:
    """A database without a backup has no share, however long its objective; a large share is a number."""
    brief, unread = (view(url, "instance", each, database=each) for each in ("brief", "unread"))

    assert brief.tile("Of its objective") == Shown("1008", "red")
    assert unread.tile("Of its objective") == Shown("no backup", "red")


def test_a_database_without_an_objective_is_grey(url: str) -> None:
    """A database without an objective is neither OK nor wrong, whatever it has."""
    shown = view(url, "instance", "no-objective", database="retired")
    (recoverable, *_) = shown.panel("States", "state-timeline")["targets"]
    (result,) = shown.ask(recoverable["expr"])
    (names,) = shown.panel("States", "state-timeline")["fieldConfig"]["defaults"]["mappings"]

    assert shown.tile("Restorable") == Shown("0", GREY)
    assert names["options"][result["value"][1]]["text"] == "no objective"


def parts(shown: View, letter: str) -> Mapping[str, float]:
    """Return a column of the table of an objective's parts."""
    (expression,) = (
        target["expr"] for target in shown.panel("Objective", "table")["targets"] if target["refId"] == letter
    )
    return {result["metric"]["part"]: float(result["value"][1]) for result in shown.ask(expression)}


def test_an_outage_meets_no_objective(url: str) -> None:
    """In an outage a part of the objective that was met is not OK, and what is missed stays so."""
    shown = {each: view(url, "instance", each, database="owned") for each in ("chains", "chains-unseen")}

    assert parts(shown["chains"], "C") == {"age of the newest": 0, "recovery window": 0, "chain length": 1}
    assert parts(shown["chains-unseen"], "C") == {
        "age of the newest": UNREAD,
        "recovery window": UNREAD,
        "chain length": UNREAD + 1,
    }
    assert [MET[key][0] for key in (0, 1, UNREAD, UNREAD + 1)] == ["OK", "missed", "was OK", "missed"]
    assert parts(shown["chains"], "D") == {"chain length": 3}
    assert parts(shown["chains"], "E") == {"chain length": 5}


@pytest.mark.parametrize("target", ["a", "(a|b)"])
def test_a_choice_of_targets_keeps_the_exporters(url: str, target: str) -> None:
    """The exporter's own metrics have no target, and belong to each choice."""
    tiles = view(url, "exporter", "healthy", target=target).tiles()

    assert tiles["Exporters"] == Shown("1", GREY)
    assert tiles["Configuration"] == Shown("OK", "green")


def test_a_failing_replica_is_no_reason(url: str) -> None:
    """A target that one replica reads has no reason for a failure; a failed list of instances is shown."""
    (row,) = view(url, "exporter", "half").rows("Targets").values()

    assert (row["B"], row.get("reason")) == (0, None)
    assert row["N"] == 0


def test_a_renamed_database_has_one_name(url: str) -> None:
    """The variable has the name that a database has now."""
    shown = view(url, "instance", "renamed")
    (query,) = (
        each["query"]["query"] for each in shown.dashboard["templating"]["list"] if each["name"] == "database"
    )
    found = shown.ask(query.removeprefix("query_result(").removesuffix(")"))

    assert [result["metric"]["instance_name"] for result in found] == ["now"]
