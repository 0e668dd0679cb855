"""Which instances are at risk."""

from msgspec.structs import replace

from exporter.backups.risk import Danger, describe, risks
from tests.support.databases import BROKEN, FAILED, NEVER, NOW, OLD, OLDER, STUCK, WELL, variant


def test_the_worst_come_first() -> None:
    """By what is worst of each, then by age."""
    found = risks([STUCK, FAILED, BROKEN, OLD, WELL, NEVER, OLDER], NOW)

    assert [risk.instance_id for risk in found] == ["never", "older", "old", "broken", "failed", "stuck"]
    assert [risk.dangers[0] for risk in found] == [
        Danger.NO_RESTORABLE_BACKUP,
        Danger.OVER_OBJECTIVE,
        Danger.OVER_OBJECTIVE,
        Danger.CHAIN_BROKEN,
        Danger.LAST_ATTEMPT_FAILED,
        Danger.RUNS_TOO_LONG,
    ]


def test_they_are_told_in_words() -> None:
    """Names where there are any, ages as people say them, everything that is wrong."""
    found = {risk.name: describe(risk) for risk in risks([NEVER, OLDER, BROKEN, STUCK], NOW)}

    assert found == {
        "carts": "no restorable backup",
        "older": "older than 3m 20s, last attempt failed",
        "broken": "broken chain",
        "stuck": "one runs for 1m 30s",
    }


def test_of_what_has_no_objective_nothing_is_asked() -> None:
    """A retired database is at no risk, nor is one that may be of any age."""
    assert (
        risks([variant("gone", newest_timestamp=None, objective_age=None, last_attempt_failed=True)], NOW)
        == []
    )


def test_exactly_the_objective_is_well() -> None:
    """Over is over."""
    assert risks([variant("edge", newest_timestamp=NOW - 200, running_oldest_timestamp=NOW - 60)], NOW) == []


def test_without_an_objective_for_durations_none_is_too_long() -> None:
    """Only what is asked can be missed."""
    assert risks([replace(STUCK, objective_duration=None)], NOW) == []


def test_a_backup_created_in_the_future_has_the_age_0() -> None:
    """Neither its age nor the time for which it runs is negative."""
    (risk,) = risks(
        [
            variant(
                "future",
                newest_timestamp=NOW + 9,
                running_oldest_timestamp=NOW + 9,
                unrestorable=(("cycle", 1),),
            )
        ],
        NOW,
    )

    assert (risk.age, risk.running_for) == (0.0, 0.0)
