"""Which databases are at risk, and what is wrong with them."""

import pytest
from msgspec.structs import replace

from exporter.backups.risk import Problem, describe, risks
from exporter.results import AppliedObjective
from tests.support.databases import BROKEN, FAILED, NEVER, NOW, OLD, OLDER, STUCK, WELL, variant


def test_the_worst_come_first() -> None:
    """Risks are sorted by their worst problem, then by age."""
    ordered = risks([STUCK, FAILED, BROKEN, OLD, WELL, NEVER, OLDER], NOW)

    assert [risk.instance_id for risk in ordered] == ["never", "older", "old", "broken", "failed", "stuck"]
    assert [risk.problems[0] for risk in ordered] == [
        Problem.NO_RESTORABLE_BACKUP,
        Problem.OVER_OBJECTIVE,
        Problem.OVER_OBJECTIVE,
        Problem.CHAIN_BROKEN,
        Problem.LAST_ATTEMPT_FAILED,
        Problem.RUNS_TOO_LONG,
    ]


def test_a_description_names_every_problem() -> None:
    """Ages are written for people, and the name is used if one is known."""
    descriptions = {risk.name: describe(risk) for risk in risks([NEVER, OLDER, BROKEN, STUCK], NOW)}

    assert descriptions == {
        "carts": "no restorable backup",
        "older": "older than 3m 20s, last attempt failed",
        "broken": "broken chain",
        "stuck": "a backup has been running for 1m 30s",
    }


def test_a_database_without_an_objective_is_not_at_risk() -> None:
    """A retired database is one, and so is one with `max_age: never`."""
    retired = variant(
        "gone", restorable_newest_timestamp=None, objective=AppliedObjective(), last_attempt_failed=True
    )

    assert risks([retired], NOW) == []


def test_an_age_equal_to_the_objective_is_no_risk() -> None:
    """Only an age over the objective is a problem."""
    assert (
        risks(
            [variant("edge", restorable_newest_timestamp=NOW - 200, running_oldest_timestamp=NOW - 60)], NOW
        )
        == []
    )


def test_without_max_duration_no_backup_runs_too_long() -> None:
    """A running backup is a problem only if an objective limits it."""
    assert risks([replace(STUCK, objective=AppliedObjective(age=200.0))], NOW) == []


def test_a_backup_created_in_the_future_has_the_age_0() -> None:
    """Neither its age nor the time for which it runs is negative."""
    (risk,) = risks(
        [
            variant(
                "future",
                restorable_newest_timestamp=NOW + 9,
                running_oldest_timestamp=NOW + 9,
                chain=BROKEN.chain,
            )
        ],
        NOW,
    )

    assert (risk.age, risk.running_for) == (0.0, 0.0)


@pytest.mark.parametrize(
    "objective",
    [
        AppliedObjective(age=200.0),
        AppliedObjective(retention=200.0),
        AppliedObjective(gap=200.0),
        AppliedObjective(full_age=200.0),
        AppliedObjective(chain_length=3),
    ],
)
def test_any_objective_that_needs_backups_is_missed_without_one(objective: AppliedObjective) -> None:
    """A database that cannot be restored meets none of them."""
    (risk,) = risks([variant("empty", restorable_newest_timestamp=None, objective=objective)], NOW)

    assert risk.problems == (Problem.NO_RESTORABLE_BACKUP,)


def test_a_maximum_duration_needs_no_backup() -> None:
    """It limits the backups that run, if there are any."""
    only = AppliedObjective(duration=60.0)

    assert risks([variant("empty", restorable_newest_timestamp=None, objective=only)], NOW) == []
