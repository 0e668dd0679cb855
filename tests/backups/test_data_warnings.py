"""What is doubtful about a walk: in the list itself, in the log and on the page for people."""

from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from exporter.app.exporter import Exporter
from exporter.backups.data_warnings import Evidence, count, data_warnings
from exporter.config.credentials import Secret
from exporter.config.schema import Config, ExpectedInstance, Match, Objective, Target, Url
from exporter.errors import ApiError, Reason
from exporter.records import Instance
from exporter.results import DataWarning, Snapshot, Summary
from exporter.simulator import many
from exporter.web.landing import landing_page
from tests.support.answers import NOW, SNAPSHOT, SUCCESS, scraper
from tests.support.builders import backup
from tests.support.faults import FaultyApi, Malform
from tests.target.test_instances import Rig

CLEAN = Snapshot(
    summary=Summary(groups=(), backups=1234, unknown_statuses=(), largest_size=5e9),
    duplicates=0,
    malformed=0,
    reported=1234,
    completed_at=NOW,
)
BY_NAME = (Objective(Match(instance_name="dev-*")),)
FORBIDDEN = ApiError(Reason.FORBIDDEN, "not for you", status=403)


def found(
    snapshot: Snapshot = CLEAN, *, settings: dict[str, Any] | None = None, **facts: Any
) -> list[DataWarning]:
    """Return the data_warnings about this snapshot of a target with these settings."""
    target = Target(name="prod", token=Secret("hidden"), **(settings or {}))
    return list(data_warnings(Evidence(snapshot=snapshot, target=target, **facts)))


def test_a_clean_walk_has_none() -> None:
    """A complete walk in which everything is as documented raises no doubt."""
    assert found() == []


def test_each_doubt_has_its_kind_and_its_numbers() -> None:
    """Everything that looks wrong at once yields one doubt each, in a fixed order."""
    summary = replace(
        CLEAN.summary, backups=5, unknown_statuses=(("PAUSED", 1), ("X\n", 2)), largest_size=137.5
    )
    snapshot = replace(CLEAN, summary=summary, malformed=1, future=2, reported=9)

    listed = found(snapshot, objectives=BY_NAME, listing_error=FORBIDDEN, first_malformed="record 3: no id")

    assert listed == [
        DataWarning("instances", "instances cannot be listed: forbidden: not for you (HTTP 403)"),
        DataWarning("names", "objectives by instance_name match nothing: no names are known"),
        DataWarning(
            "size_unit", "sizes look like GiB, not bytes (the largest is 137.5): set size_unit: GiB?"
        ),
        DataWarning("status 'PAUSED'", "1 backup of status 'PAUSED', which no class of `statuses` names"),
        DataWarning("status 'X\\n'", "2 backups of status 'X\\n', which no class of `statuses` names"),
        DataWarning("malformed", "1 malformed record, not counted; the first: record 3: no id"),
        DataWarning(
            "future", "2 backups created in the future by this machine's clock: no alert finds them too old"
        ),
        DataWarning("reported", "the API reports 9 backups but lists 5"),
    ]


def test_a_chosen_unit_is_not_doubted() -> None:
    """Small numbers are expected where the user says that sizes are GiB."""
    small = replace(CLEAN, summary=replace(CLEAN.summary, largest_size=137.5))

    assert found(small, settings={"size_unit": "GiB"}) == []


def test_malformed_records_explain_a_shortfall() -> None:
    """Records that came and could not be read are not missing."""
    short = replace(CLEAN, malformed=4, reported=1238)

    assert [doubt.kind for doubt in found(short)] == ["malformed"]


@pytest.mark.parametrize(
    ("settings", "facts"),
    [
        ({}, {"listed": {"one": Instance("one")}}),
        ({"expected_instances": (ExpectedInstance("one", "dev-1"),)}, {}),
    ],
)
def test_a_list_or_configured_names_serve_objectives_by_name(
    settings: dict[str, Any], facts: dict[str, Any]
) -> None:
    """Either gives names, so that objectives by name can match."""
    assert found(settings=settings, objectives=BY_NAME, **facts) == []


def test_a_failing_list_says_whether_an_older_one_is_in_use() -> None:
    """The last good list outlives failures, and the doubt tells so."""
    (doubt,) = found(listing_error=FORBIDDEN, listed={"one": Instance("one")})

    assert doubt.text.endswith("(HTTP 403): the last good list stays in use")


@pytest.mark.parametrize(("number", "text"), [(0, "0 pages"), (1, "1 page"), (1234, "1,234 pages")])
def test_counts_are_written_with_their_noun(number: int, text: str) -> None:
    """The noun is singular for exactly one."""
    assert count(number, "page") == text


def test_the_log_tells_when_a_doubt_appears_and_when_it_is_gone() -> None:
    """Two walks with a malformed record and two without: one warning, then one line that it is gone."""
    with FaultyApi(backups=many(5, 1), instances=()) as api:
        rig = Rig(api.url, (), instances="off", size_unit="GiB")
        with capture_logs() as logs:
            api.faults.add(Malform({1: {"id": "x"}}), times=2)
            outcomes = [rig.walk() for _ in range(4)]
        rig.api.close()

    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert [(line["log_level"], line["doubt"], "1 malformed record" in line["event"]) for line in logs] == [
        ("warning", "malformed", True),
        ("info", "malformed", False),
    ]


def test_the_page_shows_them() -> None:
    """Doubts are listed on the page, escaped, and with their target where there are several."""
    doubtful = replace(SNAPSHOT, data_warnings=(DataWarning("status 'X'", "2 backups of status '<X>'"),))
    shown = scraper(lambda: replace(SUCCESS, result=doubtful), name="east")
    clean = scraper(name="west")
    for each in (shown, clean):
        each.scrape(1)

    assert "<li>2 backups of status &#39;&lt;X&gt;&#39;</li>" in landing_page([shown], "/metrics", NOW)
    assert "<li>east: 2 backups of status" in landing_page([shown, clean], "/metrics", NOW)
    assert "Warnings" not in landing_page([clean], "/metrics", NOW)


def test_many_unknown_statuses_are_one_doubt() -> None:
    """An API that garbles the field makes one line, not one for each backup."""
    many = tuple((f"S{number}", 2) for number in range(1000))
    garbled = replace(CLEAN, summary=replace(CLEAN.summary, unknown_statuses=many))

    assert found(garbled) == [
        DataWarning("statuses", "2,000 backups of 1,000 statuses that no class of `statuses` names")
    ]


@pytest.mark.parametrize("status", ["demo:demo-secret", "x" * 60_000, "a\x1b[2J"])
def test_what_the_api_chose_is_redacted(status: str) -> None:
    """A status may echo the key, be huge or control a terminal: what is said is short and safe."""
    shown = replace(backup("1"), status=status)
    with FaultyApi(backups=(shown,)) as api, capture_logs() as logs:
        target = Target(name="prod", url=Url(api.url), api_key=Secret("demo:demo-secret"), instances="off")
        with closing(Exporter(Config(targets=(target,)))) as exporter:
            snapshot = exporter.walks["prod"](30).snapshot

    assert snapshot is not None
    said = [doubt.text for doubt in snapshot.data_warnings] + [line["event"] for line in logs]
    assert any("backup of status" in text for text in said)
    assert all(text.isprintable() and len(text) <= 300 and "demo-secret" not in text for text in said)
