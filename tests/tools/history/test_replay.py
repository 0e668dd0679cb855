"""The replay: at each time it is what the exporter serves for the fleet of that time."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis.strategies import floats, integers

from exporter.records import Backup
from exporter.simulator import Fleet
from tools.history.fleets import fleet
from tools.history.outages import DAY, HOUR, Outage, outages
from tools.history.replay import Replay, Scrape

END: Final = 1_800_000_000.0
WEEKS: Final = 4 * 7 * DAY
FLEETS: Final = {number: fleet(number, END) for number in (5, 8)}
Labels = tuple[str, ...]


def values(scrape: Scrape, name: str, *labels: str) -> dict[Labels, float]:
    """Return a metric's samples by some of their labels."""
    return {
        tuple(sample.labels[label] for label in labels): float(sample.value)
        for family in scrape.metrics
        for sample in family.samples
        if sample.name == name
    }


def restorable(backups: tuple[Backup, ...]) -> Iterator[Backup]:
    """Yield the backups that can be restored, by following each chain on its own."""
    by_id = {backup.id: backup for backup in backups}
    for backup in backups:
        link: Backup | None = backup
        while link and link.status == "COMPLETED" and link.parent_id and not link.is_cinder_snapshot:
            link = by_id.get(link.parent_id)
        if link and link.status == "COMPLETED" and backup.instance_id:
            yield backup


def counted(backups: tuple[Backup, ...]) -> tuple[Backup, ...]:
    """Return the backups that the demo's configuration does not exclude."""
    return tuple(b for b in backups if not (b.name or "").startswith("Replication snapshot for "))


def at(made: Fleet, moment: float) -> tuple[Backup, ...]:
    """Return the fleet's backups at a Unix time."""
    return counted(made.backups(datetime.fromtimestamp(moment, UTC)))


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(floats(0, WEEKS), integers(5, 8).filter(FLEETS.__contains__))
def test_what_is_exported_is_the_fleet_of_that_moment(before: float, number: int) -> None:
    """At any time, states, counts and ages are those of the backups that exist then."""
    moment = float(int(END - before))
    scrape = Replay(FLEETS[number], moment).scrape(moment)
    backups = at(FLEETS[number], moment)
    newest: dict[Labels, float] = {}
    for backup in restorable(backups):
        key = (backup.instance_id or "",)
        newest[key] = max(newest.get(key, 0.0), backup.created_at.timestamp())

    assert values(scrape, "bycloud_database_backups", "status", "instance_id") == Counter(
        (backup.status, backup.instance_id or "unknown") for backup in backups
    )
    assert values(scrape, "bycloud_database_restorable_newest_timestamp_seconds", "instance_id") == newest
    assert values(scrape, "bycloud_up") == {(): 1.0}


@settings(max_examples=8, deadline=None)
@given(floats(0, WEEKS), floats(0, 2 * DAY))
@example(1_929_601.0, 1.0)  # a day on which an old backup would have been imported
def test_the_past_never_changes(before: float, later: float) -> None:
    """A backup that has ended stays as it is until it expires, and none appears that began earlier."""
    made, moment = FLEETS[8], END - before
    first = {backup.id: backup for backup in at(made, moment)}
    second = {backup.id: backup for backup in at(made, min(moment + later, END))}
    ended = {key for key, backup in first.items() if backup.status in {"COMPLETED", "FAILED"}}

    assert all(first[key] == second[key] for key in ended & second.keys())
    assert all(second[key].created_at.timestamp() > moment for key in second.keys() - first.keys())


@pytest.mark.slow
def test_a_failure_lasts_while_the_age_grows() -> None:
    """While each attempt of a database fails, its newest restore point stays the same."""
    made = FLEETS[5]
    (failing,) = (ailment.instance_id for ailment in made.ailments if ailment.kind == "failing")
    replay = Replay(made, END - 2 * DAY)
    scrapes = list(replay.scrapes(END, 4 * HOUR))

    def told(name: str) -> list[float]:
        return [values(scrape, f"bycloud_database_{name}", "instance_id")[failing,] for scrape in scrapes]

    failed, created = told("backup_last_attempt_failed"), told("restorable_newest_timestamp_seconds")
    since = failed.index(1.0)

    assert failed[since:] == [1.0] * len(failed[since:])
    assert len(set(created[since:])) == 1
    assert len(failed[since:]) > 5


def test_an_outage_leaves_no_facts() -> None:
    """While the API does not respond, the walk fails with its reason, and facts end with the snapshot."""
    replay = Replay(FLEETS[5], END, [Outage(END + HOUR, END + 3 * HOUR)])
    before, _, during, after = (replay.scrape(END + hours * HOUR) for hours in (0, 1, 2, 3))

    assert values(before, "bycloud_up") == values(after, "bycloud_up") == {(): 1.0}
    assert values(during, "bycloud_up") == {(): 0.0}
    assert values(during, "bycloud_scrape_failure", "reason")["server_error",] == 1.0
    assert not values(during, "bycloud_database_backups", "status")


def test_outages_are_at_night_and_at_the_end() -> None:
    """A history has past outages, and one that lasts if asked for."""
    assert not any(outage.covers(END) for outage in outages(END))
    assert any(outage.covers(END) for outage in outages(END, ongoing=True))
    assert sum(outage.end - outage.begin for outage in outages(END)) == timedelta(hours=13.8).total_seconds()
