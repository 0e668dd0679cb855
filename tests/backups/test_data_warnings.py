"""Warnings about a complete walk: the list itself, the log and the landing page."""

from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from exporter.app.exporter import Exporter
from exporter.backups.data_warnings import Evidence, data_warnings
from exporter.config import Config, Exclusion, ExpectedInstance, Match, Objective, Secret, Target, Url
from exporter.errors import ApiError, Reason
from exporter.records import Instance
from exporter.results import DataWarning, Snapshot, Summary
from exporter.simulator import bulk_backups
from exporter.web.landing import landing_page
from tests.support.builders import backup
from tests.support.faults import FaultyApi, Malform
from tests.support.instance_rig import Rig
from tests.support.scrape_results import NOW, SNAPSHOT, SUCCESS, scraper
from tests.support.statuses import statuses_of

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
    """Return the warnings about this snapshot of a target with these settings."""
    target = Target(name="prod", token=Secret("hidden"), **(settings or {}))
    return list(data_warnings(Evidence(snapshot=snapshot, target=target, **facts)))


def test_a_clean_walk_has_none() -> None:
    """A complete walk in which everything is as documented has no warnings."""
    assert found() == []


def test_an_undecided_unit_of_sizes_is_a_warning() -> None:
    """No sizes are shown then; where no backup has a size, none is missing."""
    undecided = replace(CLEAN, bytes_per_unit=None)
    sizeless = replace(undecided, summary=replace(CLEAN.summary, largest_size=None))

    assert found(undecided, settings={"size_unit": "auto"}) == [
        DataWarning(
            "size_unit",
            "`size_unit: auto` cannot tell the unit of the sizes (the largest is 5000000000.0): "
            "no sizes are shown; set `size_unit`",
        )
    ]
    assert found(sizeless, settings={"size_unit": "auto"}) == []


def test_each_warning_has_its_kind_and_its_numbers() -> None:
    """Each problem causes one warning, in a fixed order."""
    summary = replace(
        CLEAN.summary, backups=5, unknown_statuses=(("PAUSED", 1), ("X\n", 2)), largest_size=137.5
    )
    snapshot = replace(CLEAN, summary=summary, malformed=1, future=2, reported=9)

    listed = found(snapshot, objectives=BY_NAME, listing_error=FORBIDDEN, first_malformed="record 3: no id")

    assert listed == [
        DataWarning(
            "instances",
            "cannot list database instances, so databases without backups are unknown, and deleted ones keep "
            "their objective; allow the credential to list them, or set `instances: off`: "
            "forbidden: not for you (HTTP 403)",
        ),
        DataWarning(
            "names",
            "objectives match by instance_name, but no names are known because the instances cannot be "
            "listed: databases get the first objective that matches without a name",
        ),
        DataWarning(
            "size_unit",
            "sizes look like GiB, not bytes (the largest is 137.5): if so, every size is shown too small; "
            "set `size_unit: GiB`",
        ),
        DataWarning(
            "status 'PAUSED'",
            "1 backup of a status that is in no class of `statuses`: each cannot be restored and breaks "
            "chains; add the status to a class: 'PAUSED'",
        ),
        DataWarning(
            "status 'X\\n'",
            "2 backups of a status that is in no class of `statuses`: each cannot be restored and breaks "
            "chains; add the status to a class: 'X\\n'",
        ),
        DataWarning("malformed", "1 malformed record left out of all metrics; the first: record 3: no id"),
        DataWarning(
            "future",
            "2 backups created in the future by this machine's clock: their age is 0, so no alert fires on "
            "it; compare both clocks",
        ),
        DataWarning(
            "reported", "the API reports 9 backups but lists 5: the others are missing from all metrics"
        ),
    ]


@pytest.mark.parametrize(
    ("mode", "error", "reason"),
    [
        ("auto", None, "yet"),
        ("auto", FORBIDDEN, "because the instances cannot be listed"),
        ("off", None, "because `instances` is off and no entry of `expected_instances` has one"),
    ],
)
def test_the_warning_explains_why_no_names_are_known(mode: str, error: ApiError | None, reason: str) -> None:
    """The list of instances may be still to come, may fail, or may be off."""
    *_, warning = found(settings={"instances": mode}, objectives=BY_NAME, listing_error=error)

    assert warning == DataWarning(
        "names",
        f"objectives match by instance_name, but no names are known {reason}: databases get the first "
        "objective that matches without a name",
    )


def test_name_patterns_that_leave_nothing_out_are_doubted() -> None:
    """Without names, no entry of `exclude` by name matches."""
    patterns = (Exclusion(instance_name="scratch-*"),)
    off = found(settings={"instances": "off", "exclude": patterns})
    listed = found(settings={"exclude": patterns}, listed={"one": Instance("one")})
    by_id = found(settings={"exclude": (Exclusion(instance_id="one"),)})

    assert off == [
        DataWarning(
            "excluded names",
            "entries of `exclude` match by instance_name, but no names are known because `instances` is off "
            "and no entry of `expected_instances` has one: they leave nothing out",
        )
    ]
    assert listed == by_id == []


def test_a_configured_unit_gets_no_warning() -> None:
    """Small numbers are expected if the user says that sizes are GiB."""
    small = replace(CLEAN, summary=replace(CLEAN.summary, largest_size=137.5))

    assert found(small, settings={"size_unit": "GiB"}) == []


def test_malformed_records_explain_a_shortfall() -> None:
    """Malformed records are not missing records."""
    short = replace(CLEAN, malformed=4, reported=1238)

    assert [warning.kind for warning in found(short)] == ["malformed"]


@pytest.mark.parametrize(
    ("settings", "facts"),
    [
        ({}, {"listed": {"one": Instance("one")}}),
        ({"expected_instances": (ExpectedInstance("one", "dev-1"),)}, {}),
    ],
)
def test_listed_or_configured_names_are_enough_for_objectives_by_name(
    settings: dict[str, Any], facts: dict[str, Any]
) -> None:
    """With either, objectives by name can match."""
    assert found(settings=settings, objectives=BY_NAME, **facts) == []


def test_the_warning_of_a_failing_list_mentions_an_older_list_in_use() -> None:
    """The last complete list is used after failures, and the warning says so."""
    (warning,) = found(listing_error=FORBIDDEN, listed={"one": Instance("one")})

    assert warning.text == (
        "cannot list database instances, so the last complete list is still used; allow the credential "
        "to list them, or set `instances: off`: forbidden: not for you (HTTP 403)"
    )


def test_new_and_resolved_warnings_are_logged() -> None:
    """Two walks with a malformed record and two without log one warning and one line that it is gone."""
    with FaultyApi(backups=bulk_backups(5, 1), instances=()) as api:
        rig = Rig(api.url, (), instances="off", size_unit="GiB")
        with capture_logs() as logs:
            api.faults.add(Malform({1: {"id": "x"}}), times=2)
            outcomes = [rig.walk() for _ in range(4)]
        rig.api.close()

    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert [
        (line["log_level"], line["data_warning"], "1 malformed record" in line["event"]) for line in logs
    ] == [
        ("warning", "malformed", True),
        ("info", "malformed", False),
    ]


def test_the_page_shows_them() -> None:
    """The page lists the warnings, escaped, with their target if there are several."""
    suspicious = replace(SNAPSHOT, data_warnings=(DataWarning("status 'X'", "2 backups of status '<X>'"),))
    shown = scraper(lambda: replace(SUCCESS, result=suspicious), name="east")
    clean = scraper(name="west")
    for each in (shown, clean):
        each.scrape(1)

    assert "<li>2 backups of status &#39;&lt;X&gt;&#39;</li>" in landing_page(
        statuses_of(shown), "/metrics", NOW
    )
    assert "<li>east: 2 backups of status" in landing_page(statuses_of(shown, clean), "/metrics", NOW)
    assert "Warnings" not in landing_page(statuses_of(clean), "/metrics", NOW)


def test_many_unknown_statuses_share_one_warning() -> None:
    """An API that garbles the field causes one line, not one for each backup."""
    many = tuple((f"S{number}", 2) for number in range(1000))
    garbled = replace(CLEAN, summary=replace(CLEAN.summary, unknown_statuses=many))

    assert found(garbled) == [
        DataWarning(
            "statuses",
            "2,000 backups of 1,000 statuses that are in no class of `statuses`: each cannot be restored and "
            "breaks chains; add the statuses to a class",
        )
    ]


@pytest.mark.parametrize("status", ["demo:demo-secret", "x" * 60_000, "a\x1b[2J"])
def test_text_from_the_api_is_redacted(status: str) -> None:
    """A status may echo the key, be huge or control a terminal; the warning is short and safe."""
    shown = replace(backup("1"), status=status)
    with FaultyApi(backups=(shown,)) as api, capture_logs() as logs:
        target = Target(name="prod", url=Url(api.url), api_key=Secret("demo:demo-secret"), instances="off")
        with Exporter(Config(targets=(target,))) as exporter:
            snapshot = exporter.runtimes["prod"].walker(30).snapshot

    assert snapshot is not None
    texts = [warning.text for warning in snapshot.data_warnings] + [line["event"] for line in logs]
    assert any("backup of a status" in text for text in texts)
    assert all(text.isprintable() and len(text) <= 300 and "demo-secret" not in text for text in texts)
