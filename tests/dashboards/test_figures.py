"""The figures of compliance and capacity, on a real Prometheus."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest
from msgspec.structs import replace

from dashboards.source.records import NEEDED
from tests.support.dashboard_history import BEGIN, DAY, END, HOUR, Database, Target, line, served_history
from tests.support.dashboards import Shown, View, loaded, panels

pytestmark = pytest.mark.slow

GREY: Final = "#7b8087"
MIDNIGHT: Final = END // DAY * DAY
TEN_MINUTES: Final = 600
OUTAGE: Final = END - 3 * HOUR
LOST_AT: Final = END - 20 * HOUR
REACHES: Final = Database(id="reaches", retention=6 * DAY)
WAITS: Final = Database(id="waits", retention=7 * DAY - HOUR)
UNSIZED: Final = Database(id="one", restorable=0, more={"backups": 1.0})
"""Its sizes are those of `stored`."""
TARGETS: Final = (
    Target(cluster="no-rules", databases=(Database(id="one"),)),
    Target(cluster="types", databases=(Database(id="good"), Database(id="bad", datastore="redis"))),
    Target(cluster="retention-read", databases=(REACHES, WAITS)),
    Target(cluster="retention-known", databases=(REACHES, WAITS), read_until=OUTAGE),
    Target(cluster="retention-good", databases=(REACHES,), read_until=OUTAGE),
    Target(cluster="met", databases=(Database(id="good"),)),
    Target(cluster="half-read", databases=(Database(id="good"),)),
    Target(cluster="half-read", name="b", read_until=BEGIN - 1),
    Target(cluster="lost", databases=(UNSIZED,)),
    Target(cluster="lost", name="b", databases=(UNSIZED,), read_until=LOST_AT),
)
SIZE: Final = "bycloud_database_backups_size_bytes"


def identity(cluster: str, **labels: str) -> Mapping[str, str]:
    """Return the labels of a target's series."""
    own = {"cluster": cluster, "namespace": "backups", "job": "bycloud-backups", "target": "a"}
    return {**own, **labels}


def recorded(cluster: str, ratios: Mapping[str, float], days: float, target: str = "a") -> Iterator[str]:
    """Yield what the hourly rules recorded half an hour ago."""
    for database, ratio in ratios.items():
        labels = identity(cluster, target=target, instance_id=database, team="web")
        for name, value in (("ratio", ratio), ("days", days), ("team", 1.0)):
            yield line(f"bycloud:database_compliance:{name}", labels, value, END - HOUR / 2)


def met(cluster: str, database: str, value: float, begin: float, end: float, **labels: str) -> Iterator[str]:
    """Yield whether a database met its objective, every ten minutes."""
    own = identity(cluster, instance_id=database, **labels)
    for time in range(int(begin) + 30, int(end), TEN_MINUTES):
        yield line("bycloud:objective_age:met", own, value, float(time))


def stored(
    cluster: str,
    days: int,
    per_day: float,
    end: float = END,
    every: float = HOUR,
    **labels: str,
) -> Iterator[str]:
    """Yield a stored size of 100 GB at `END`, with a trend over some days before its end."""
    scraped = {"instance": "one:10140", "instance_id": "one", "datastore_type": "mysql"}
    own = {**scraped, "status": "COMPLETED", **labels}
    for scrape in range(int(days * DAY / every), -1, -1):
        time = end - scrape * every
        yield line(SIZE, identity(cluster, **own), 1e11 - per_day * (END - time) / DAY, time)


def newest(cluster: str, name: str, steps: Mapping[float, float], end: float, **labels: str) -> Iterator[str]:
    """Yield when the newest backup was created, every two minutes, by the hour since which it is."""
    own = {"instance_id": "one", "datastore_type": "mysql", **labels}
    for scrape in range(int((end - min(steps)) * 30)):
        hour = min(steps) + scrape / 30
        created = MIDNIGHT + steps[max(begin for begin in steps if begin <= hour)] * HOUR
        yield line(f"bycloud_database_{name}", identity(cluster, **own), created, MIDNIGHT + hour * HOUR)


def named(cluster: str, database: str, name: str, target: str = "a") -> str:
    """Return the record of a database's name."""
    labels = identity(cluster, target=target, instance_id=database, instance_name=name)
    return line("bycloud:database:name", labels, END, END)


ATTEMPT: Final = "backup_newest_timestamp_seconds"
RESTORABLE: Final = "restorable_newest_timestamp_seconds"
FAILURES: Final[Mapping[float, float]] = {-2: -9, 1: 0.5, 3: 2, 5: 4}
LINES: Final = (
    *newest("deleted", ATTEMPT, {-2: -9, 1: 0.5, 3: 2, 5: 0.5, 7: -9}, 12, status="FAILED"),
    *newest("deleted", RESTORABLE, {-2: -9, 1: 0.5, 3: 2, 5: 0.5, 7: -9}, 12),
    *newest("only-failures", ATTEMPT, FAILURES, 12, status="FAILED"),
    *newest("only-completed", ATTEMPT, FAILURES, 12, status="COMPLETED"),
    *newest("replicas", ATTEMPT, FAILURES, 12, status="FAILED", instance="one:10140"),
    *newest("replicas", ATTEMPT, FAILURES, 12, status="FAILED", instance="two:10140"),
    *newest("first", RESTORABLE, {3: 2, 5: 4}, 12),
    *recorded("below", {"good": 1.0, "bad": 0.97992}, 30.0),
    *recorded("met", {"good": 1.0, "fair": 0.995}, 29.0),
    *recorded("young", {"good": 1.0}, 3.0),
    *recorded("types", {"good": 1.0, "bad": 0.5}, 30.0),
    *recorded("half-read", {"good": 1.0}, 30.0),
    *recorded("nearly", {"good": 0.9999954}, 30.0),
    *met("below", "bad", 0.0, MIDNIGHT - 2 * DAY, MIDNIGHT - DAY),
    *met("below", "bad", 1.0, MIDNIGHT - DAY, MIDNIGHT),
    named("below", "bad", "bad-db"),
    *recorded("little", {"one": 0.99, "two": 1.0}, 1.0),
    *met("little", "one", 0.0, MIDNIGHT - DAY, MIDNIGHT - DAY + TEN_MINUTES),
    *met("little", "one", 1.0, MIDNIGHT - DAY + TEN_MINUTES, MIDNIGHT),
    *met("little", "two", 1.0, MIDNIGHT - DAY, MIDNIGHT),
    *(
        sample
        for target in ("a", "b")
        for sample in (
            *recorded("namesakes", {"one": 1.0}, 1.0, target),
            *met("namesakes", "one", 1.0, MIDNIGHT - DAY, MIDNIGHT, target=target),
            named("namesakes", "one", "orders-db", target),
        )
    ),
    *stored("grows", 20, 1e9),
    *stored("shrinks", 20, -1e9),
    *stored("new", 3, 1e9),
    *stored("lost", 20, 0),
    *stored("lost", 20, 0, LOST_AT, target="b"),
    *stored("removed", 20, 1e9),
    *stored("removed", 10, 0, END - 9 * DAY, target="b"),
    *stored("joined", 20, 1e9),
    *stored("joined", 3, 0, target="b"),
    *stored("rare", 9, 1e9, END - 8 * 60, 600),
    *stored("unowned", 20, 1e9, instance_id="unknown"),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a Prometheus that has all of it."""
    with served_history(TARGETS, LINES, tmp_path_factory.mktemp("figures")) as served:
        yield served


def compliance(url: str, cluster: str, **chosen: str) -> View:
    """Return the compliance of one cluster."""
    return View(loaded("compliance"), url, END, {"cluster": cluster, **chosen})


def capacity(url: str, cluster: str, **chosen: str) -> View:
    """Return the capacity of one cluster."""
    return View(loaded("capacity"), url, END, {"cluster": cluster, **chosen})


def test_compliance_says_that_it_needs_the_rules(url: str) -> None:
    """Without the recording rules, no tile of theirs has a number or a colour of good or bad."""
    tiles = compliance(url, "no-rules").tiles()
    own = {"Short retention", "Targets not counted"}
    without = {title: shown for title, shown in tiles.items() if title not in own}

    assert set(without.values()) == {Shown(NEEDED, GREY)}
    assert tiles["Short retention"] == Shown("no data", GREY)


def test_a_share_is_never_rounded_up(url: str) -> None:
    """The share is cut, its target is 99 %, and the budget is overspent."""
    tiles = compliance(url, "below").tiles()

    assert tiles["Within objective"] == Shown("0.9899", "red")
    assert tiles["Days covered"] == Shown("30", GREY)
    assert tiles["Below target"] == Shown("1", "red")
    assert tiles["Error budget left"].color == "red"
    assert tiles["Databases"] == Shown("2", GREY)


def test_what_is_met_is_green(url: str) -> None:
    """Databases that meet the target are green, with the budget that is left."""
    tiles = compliance(url, "met").tiles()

    assert tiles["Within objective"] == Shown("0.9975", "green")
    assert tiles["Error budget left"] == Shown("0.75", "green")
    assert tiles["Below target"] == Shown("0", "green")


@pytest.mark.parametrize(
    ("datastore", "ratio"), [(".*", 0.75), ("mysql", 1), ("redis", 0.5), ("mongodb", None)]
)
def test_a_datastore_selects_its_databases(url: str, datastore: str, ratio: float | None) -> None:
    """The variable selects databases in tiles and both tables."""
    view = compliance(url, "types", datastore=datastore)
    teams = [row["B"] for row in view.rows("Teams").values()]
    databases = [row["B"] for row in view.rows("Databases").values() if "B" in row]

    assert view.tile("Within objective").text == (NEEDED if ratio is None else f"{ratio:g}")
    assert teams == ([] if ratio is None else [ratio])
    assert sum(databases) == (0 if ratio is None else ratio * len(databases))
    assert {row["E"] for row in view.rows("Teams").values()} <= {len(databases)}


def test_a_target_that_was_never_read_makes_nothing_green(url: str) -> None:
    """A target that is not read and has no figures is counted, and what would be good is grey."""
    tiles = compliance(url, "half-read").tiles()

    assert tiles["Targets not counted"] == Shown("1", "red")
    assert tiles["Within objective"] == Shown("100 % known", GREY)
    assert tiles["Error budget left"] == Shown("100 % known", GREY)
    assert tiles["Below target"] == Shown("0 known", GREY)
    assert compliance(url, "met").tile("Targets not counted") == Shown("0", "green")


def retention(view: View) -> Mapping[str, float]:
    """Return what the table says of each database's retention."""
    return {key[-1]: row["I"] for key, row in view.rows("Databases").items() if "I" in row}


def test_retention_is_not_met_by_waiting(url: str) -> None:
    """In an outage, retention is what it was when the API was last read, and what was met is grey."""
    read, known = compliance(url, "retention-read"), compliance(url, "retention-known")

    assert retention(read) == {"reaches": 1, "waits": 1}
    assert retention(known) == {"reaches": 0.5, "waits": 0}
    assert {row["L"] for row in known.rows("Databases").values()} == {1000 * OUTAGE}
    assert read.tile("Short retention") == Shown("0", "green")
    assert known.tile("Short retention") == Shown("1", "orange")
    assert compliance(url, "retention-good").tile("Short retention") == Shown("0 known", GREY)


def test_no_figure_of_a_table_is_rounded_up(url: str) -> None:
    """The met share and the budget of tables are cut to the decimals that they have."""
    ((_, team),) = compliance(url, "nearly").rows("Teams").items()

    assert (team["B"], team["C"]) == (0.9999, 0.99)
    assert compliance(url, "nearly").tile("Error budget left") == Shown("0.99", "green")


def test_few_days_are_worth_a_look(url: str) -> None:
    """A figure of three days is accompanied by their number, in orange."""
    assert compliance(url, "young").tile("Days covered") == Shown("3", "orange")


def daily(view: View, title: str) -> Mapping[str, Mapping[float, str]]:
    """Return what a daily panel of compliance shows of three days, by the name of the database."""
    (panel,) = (panel for panel in panels(view.dashboard) if panel["title"] == title)
    (target,) = panel["targets"]
    query = target["expr"].replace("@ end()", f"@ {END}")
    answer = View(view.dashboard, url=view.url, time=MIDNIGHT, chosen=view.chosen).ask_range(
        query, MIDNIGHT - 3 * DAY, DAY
    )
    return {series["metric"].get("instance_name", ""): dict(series["values"]) for series in answer}


def test_a_day_that_was_missed_is_in_the_calendar(url: str) -> None:
    """Each day is missed, met or unknown; a wholly missed one counts 100 %."""
    view = compliance(url, "below")
    (missed,) = daily(view, "Time missed by day").values()
    (calendar,) = daily(view, "Calendar of gaps").values()

    assert missed == {MIDNIGHT - 2 * DAY: "100", MIDNIGHT - DAY: "0"}
    assert calendar == {MIDNIGHT - 2 * DAY: "0", MIDNIGHT - DAY: "2"}


def test_little_missed_time_is_not_none(url: str) -> None:
    """The missed part of a day is rounded up to the decimal that the panel shows."""
    view = compliance(url, "little")
    panel = view.panel("Time missed by day", "timeseries")
    (missed,) = daily(view, panel["title"]).values()

    assert missed == {MIDNIGHT - DAY: "0.4"}
    assert panel["fieldConfig"]["defaults"]["decimals"] == 1


def test_the_calendar_has_databases_that_missed_nothing(url: str) -> None:
    """It is empty only without the rules, and databases with equal names are told apart by their targets."""
    calendar = daily(compliance(url, "namesakes"), "Calendar of gaps")

    assert calendar == {
        f"orders-db namesakes/backups/bycloud-backups/{target}": {MIDNIGHT - DAY: "2"} for target in "ab"
    }


def by_day(url: str, dashboard: str, title: str, cluster: str) -> Sequence[str]:
    """Return what a panel shows of the day that ends after `END`."""
    view = View(loaded(dashboard), url, MIDNIGHT, {"cluster": cluster, "database": "one"})
    (target,) = view.panel(title, "timeseries")["targets"]
    return [result["value"][1] for result in view.ask(target["expr"])]


@pytest.mark.parametrize(
    ("cluster", "expected"), [("deleted", "2"), ("only-failures", "3"), ("replicas", "3")]
)
def test_each_failed_attempt_counts_once(url: str, cluster: str, expected: str) -> None:
    """A deleted backup is no failed attempt, and two replicas find each one once."""
    assert by_day(url, "overview", "Failed attempts per day", cluster) == [expected]


@pytest.mark.parametrize(("cluster", "expected"), [("deleted", "2"), ("first", "2")])
def test_each_restore_point_counts_once(url: str, cluster: str, expected: str) -> None:
    """A deleted backup is no new restore point, and a database's first one is."""
    assert by_day(url, "instance", "New restore points per day", cluster) == [expected]


@pytest.mark.parametrize(("cluster", "expected"), [("only-failures", "100"), ("only-completed", "0")])
def test_a_failure_rate_needs_no_completed_backup(url: str, cluster: str, expected: str) -> None:
    """Where every attempt failed the rate is 100 %, and where none failed it is 0 %."""
    assert by_day(url, "compliance", "Failure rate by day", cluster) == [expected]


def test_the_date_of_doubling_follows_the_trend(url: str) -> None:
    """100 GB that grow by one GB a day double in a hundred days."""
    tiles = capacity(url, "grows").tiles()

    assert tiles["Stored"].text == "1e+11"
    assert float(tiles["Growth per day"].text) == pytest.approx(1e9, rel=1e-3)
    assert float(tiles["Doubles on"].text) / 1000 == pytest.approx(END + 100 * DAY, abs=DAY / 10)
    assert float(tiles["In 30 days"].text) == pytest.approx(1.3e11, rel=1e-3)
    assert capacity(url, "grows", price="0.10").tile("Cost per month") == Shown("10", GREY)


def test_what_shrinks_never_doubles(url: str) -> None:
    """Where the trend goes down there is no date, and no forecast below zero."""
    tiles = capacity(url, "shrinks").tiles()

    assert tiles["Doubles on"].text == "not growing, or no data"
    assert tiles["In a year"].text == "0"


@pytest.mark.parametrize("seconds", [0, 60])
def test_an_outage_is_no_deletion(url: str, seconds: int) -> None:
    """A target that is not read for some hours neither shrinks nor bends the trend, whenever one looks."""
    view = replace(capacity(url, "lost"), time=END + seconds)
    tiles = view.tiles()
    databases = view.rows("Databases and their newest full backups")

    assert tiles["Stored"].text == "2e+11"
    assert tiles["Growth per day"].text == "0"
    assert tiles["In 30 days"].text == "2e+11"
    assert [row["F"] for row in databases.values()] == [0, 0]


@pytest.mark.parametrize(
    ("dashboard", "title", "kind"),
    [
        ("overview", "Backups by status", "timeseries"),
        ("overview", "Stored size by datastore", "timeseries"),
        ("overview", "Ages as a share of the objective", "heatmap"),
        ("capacity", "Stored size by datastore", "timeseries"),
        ("capacity", "Stored size by team", "timeseries"),
    ],
)
def test_a_chart_of_all_targets_has_a_gap(url: str, dashboard: str, title: str, kind: str) -> None:
    """While one target's facts are lost, a chart of all has a gap: the rest would look like a drop."""
    view = View(loaded(dashboard), url, END, {"cluster": "lost"})
    (target,) = view.panel(title, kind)["targets"]
    values = view.ask_range(target["expr"], END - 24 * HOUR, 2 * HOUR)

    assert values
    assert {time for series in values for time, _ in series["values"]} == {
        END - hours * HOUR for hours in (24, 22, 20)
    }


def test_what_was_removed_has_no_future(url: str) -> None:
    """A target that Prometheus has not seen for days is in no forecast."""
    tiles = capacity(url, "removed").tiles()

    assert float(tiles["Growth per day"].text) == pytest.approx(1e9, rel=1e-3)
    assert float(tiles["In 30 days"].text) == pytest.approx(1.3e11, rel=1e-3)


def test_a_young_target_counts_as_it_is(url: str) -> None:
    """A forecast has today's size of a target that has no trend yet, not its jump from nothing."""
    tiles = capacity(url, "joined").tiles()

    assert float(tiles["Growth per day"].text) == pytest.approx(1e9, rel=1e-3)
    assert float(tiles["In 30 days"].text) == pytest.approx(2.3e11, rel=1e-3)


def test_rare_scrapes_have_a_trend(url: str) -> None:
    """Where scrapes are ten minutes apart and never at a full hour, there are trends and curves."""
    view = capacity(url, "rare")
    (target,) = view.panel("Stored size by datastore", "timeseries")["targets"]
    ((_, *values),) = (series["values"] for series in view.ask_range(target["expr"], END - 3 * HOUR, HOUR))

    assert float(view.tile("Growth per day").text) == pytest.approx(1e9, rel=1e-3)
    assert len(values) == 3


def test_backups_without_a_database_have_no_team(url: str) -> None:
    """Backups of no database are in the table and the curve of teams, by a name, if all teams are chosen."""
    rows = capacity(url, "unowned").rows("Teams")

    assert [(row["team"], row["A"]) for row in rows.values()] == [("no team", 1e11)]
    assert not capacity(url, "unowned", team="web").rows("Teams")


def test_backups_without_a_database_are_listed(url: str) -> None:
    """They are a row of the table of databases, if all teams are chosen: its sum is what is stored."""
    title = "Databases and their newest full backups"
    (row,) = capacity(url, "unowned").rows(title).values()
    chosen = capacity(url, "unowned", team="web").rows(title)

    assert (row["instance_name"], row["A"], row["D"]) == ("no database", 1, 1e11)
    assert "A" not in next(iter(chosen.values()))


def test_three_days_are_no_trend(url: str) -> None:
    """Before there are seven days, nothing is forecast."""
    tiles = capacity(url, "new").tiles()

    assert tiles["Stored"].text == "1e+11"
    assert {tiles[title].text for title in ("Growth per day", "In 30 days", "In a year")} == {"no data"}
