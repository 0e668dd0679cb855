"""Tests of `exporter.web.database_rows`."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.backups.advice import ADVICE
from exporter.backups.risk import Problem, risks
from exporter.results import AppliedObjective, DatabaseAssessment
from exporter.web.database_rows import DatabaseRow, database_rows, worst_first
from tests.support.databases import BROKEN, FAILED, NEVER, NOW, OLD, OLDER, STUCK, WELL, variant

ALL = (WELL, BROKEN, FAILED, NEVER, OLD, OLDER, STUCK)


def row(database: DatabaseAssessment, *, is_outdated: bool = False) -> DatabaseRow:
    """Return the row of one database."""
    (only,) = database_rows("t", [database], NOW, is_outdated=is_outdated)
    return only


@pytest.mark.parametrize(
    ("age", "objective", "level", "multiple"),
    [
        (0, 200, "good", 0.0),
        (149, 200, "good", 0.745),
        (150, 200, "near", 0.75),
        (200, 200, "near", 1.0),
        (201, 200, "bad", 1.005),
        (None, 200, "bad", None),
        (1, 0, "bad", None),
        (500, None, "unrated", None),
        (None, None, "unrated", None),
        (-5, 200, "good", 0.0),
    ],
)
def test_an_age_is_compared_with_the_objective(
    age: float | None, objective: float | None, level: str, multiple: float | None
) -> None:
    """An age that the objective allows is never bad; without an objective there is nothing to compare."""
    newest = None if age is None else NOW - age
    rated = row(replace(WELL, restorable_newest_timestamp=newest, objective=AppliedObjective(age=objective)))

    assert (rated.level, rated.multiple) == (level, multiple)


def test_an_outdated_age_is_not_rated() -> None:
    """A newer backup may exist."""
    assert row(OLD, is_outdated=True).level == "unrated"
    assert row(OLD).level == "bad"


def test_the_owner_is_the_label_team() -> None:
    """Other labels are not."""
    assert row(replace(WELL, labels=(("team", "a"), ("tier", "b")))).team == "a"
    assert row(replace(WELL, labels=(("tier", "b"),))).team is None


@given(st.permutations(ALL))
def test_the_worst_is_always_first(databases: Sequence[DatabaseAssessment]) -> None:
    """The order is that of the risks; databases that are not at risk follow."""
    rows = database_rows("t", databases, NOW, is_outdated=False)
    expected = [risk.instance_id for risk in risks(databases, NOW)]

    assert [r.database.instance_id for r in rows] == [*expected, "well"]
    assert [r.database.instance_id for r in worst_first(reversed(rows))] == expected


def test_others_are_in_the_order_of_their_names() -> None:
    """A database without a name has its id."""
    databases = [variant("c"), replace(variant("z"), instance_name="b"), variant("a")]

    assert [r.name for r in database_rows("t", databases, NOW, is_outdated=False)] == ["a", "b", "c"]


def test_an_objective_without_an_age_is_one() -> None:
    """A database of which only a short chain is required is not without an objective."""
    short = replace(WELL, objective=AppliedObjective(chain_length=5))

    assert row(short).has_objective
    assert row(short).objective is None
    assert not row(replace(WELL, objective=AppliedObjective())).has_objective


def test_every_problem_has_words_and_a_runbook() -> None:
    """They are those of the list of risks and of the advice."""
    (over, failed) = row(OLDER).problems

    assert (over.text, failed.text) == ("older than 3m 20s", "last attempt failed")
    assert over.runbook == ADVICE[Problem.OVER_OBJECTIVE].runbook
    assert failed.runbook == ADVICE[Problem.LAST_ATTEMPT_FAILED].runbook
    assert row(WELL).problems == []
