"""Why a database is at risk or not, and what to do next."""

from collections import Counter
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.backups.advice import ADVICE
from exporter.backups.explanation import Explanation, FailedAttempts, Requirement, RequirementState, explain
from exporter.backups.risk import Problem
from exporter.results import (
    AppliedObjective,
    Attempt,
    BrokenChain,
    ChainLink,
    DatabaseAssessment,
    Gap,
    Gaps,
    NewestChain,
    Outcome,
    TimeLine,
    Track,
)
from tests.support.databases import NEVER, NOW, WELL, variant

DAY: Final = 86_400.0
ALL: Final = AppliedObjective(
    age=100.0, duration=50.0, retention=1000.0, gap=300.0, full_age=500.0, chain_length=7
)
FINE: Final = variant(
    "fine",
    objective=ALL,
    restorable_newest_timestamp=NOW - 100,
    restorable_oldest_timestamp=NOW - 1000,
    running_oldest_timestamp=NOW - 50,
    newest_full_timestamp=NOW - 500,
    newest_chain_length=7,
    gaps=Gaps.of([NOW - 400], [NOW - 100]),
)
OVER: Final[dict[str, tuple[Problem, dict[str, object]]]] = {
    "max_age": (Problem.OVER_OBJECTIVE, {"restorable_newest_timestamp": NOW - 101}),
    "max_duration": (Problem.RUNS_TOO_LONG, {"running_oldest_timestamp": NOW - 51}),
    "max_gap": (Problem.GAP_TOO_LONG, {"gaps": Gaps.of([NOW - 401], [NOW - 100])}),
    "max_full_age": (Problem.FULL_TOO_OLD, {"newest_full_timestamp": NOW - 501}),
    "max_chain": (Problem.CHAIN_TOO_LONG, {"newest_chain_length": 8}),
}


def states(explanation: Explanation) -> dict[str, RequirementState]:
    """Return the state of each part of the objective."""
    return {requirement.key: requirement.state for requirement in explanation.requirements}


def test_exactly_the_limit_is_met() -> None:
    """Every part of an objective includes its limit."""
    explanation = explain(FINE, NOW)

    assert states(explanation) == dict.fromkeys(
        ("max_age", "max_duration", "min_retention", "max_gap", "max_full_age", "max_chain"),
        RequirementState.MET,
    )
    assert not explanation.is_at_risk
    assert explanation.advice == ()
    assert explanation.largest_gap == Gap(NOW - 400, NOW - 100)


@pytest.mark.parametrize("key", OVER)
def test_just_over_the_limit_is_missed(key: str) -> None:
    """That part alone is missed, and the advice is about it."""
    problem, fields = OVER[key]
    explanation = explain(replace(FINE, **fields), NOW)

    missed = [name for name, state in states(explanation).items() if state is not RequirementState.MET]
    assert missed == [key]
    assert explanation.problems == (problem,)
    assert explanation.advice == (ADVICE[problem],)
    assert explanation.is_at_risk


def test_a_short_reach_is_a_note() -> None:
    """One walk cannot tell a young database from a retention that is too short."""
    explanation = explain(replace(FINE, restorable_oldest_timestamp=NOW - 999), NOW)

    assert states(explanation)["min_retention"] is RequirementState.NOTE
    assert not explanation.is_at_risk


def test_each_part_is_one_line_for_people() -> None:
    """It says what was found and what is allowed."""
    objective = AppliedObjective(
        age=1.25 * DAY, duration=6 * 3600, retention=30 * DAY, gap=2 * DAY, full_age=8 * DAY, chain_length=14
    )
    database = DatabaseAssessment(
        instance_id="orders",
        datastore_type="mysql",
        objective=objective,
        restorable_newest_timestamp=NOW - 2 * DAY,
        restorable_oldest_timestamp=NOW - 8 * DAY,
        newest_full_timestamp=NOW - 8 * DAY,
        newest_chain_length=7,
        gaps=Gaps.of([NOW - 8 * DAY], [NOW - 5 * DAY]),
    )

    assert explain(database, NOW).requirements == (
        Requirement("max_age", "newest restore point 2d ago, allowed: 1d 6h", RequirementState.MISSED),
        Requirement("max_duration", "no backup is running, allowed: 6h", RequirementState.MET),
        Requirement("min_retention", "reaches back 8d of 30d", RequirementState.NOTE),
        Requirement(
            "max_gap",
            "largest gap 3d from 1970-01-04 13:46 UTC to 1970-01-07 13:46 UTC, allowed: 2d",
            RequirementState.MISSED,
        ),
        Requirement("max_full_age", "newest full restore point 8d ago, allowed: 8d", RequirementState.MET),
        Requirement(
            "max_chain",
            "a restore of the newest restore point reads 7 backups, allowed: 14",
            RequirementState.MET,
        ),
    )


def test_an_open_gap_ends_now() -> None:
    """It is still growing."""
    explanation = explain(replace(FINE, gaps=Gaps(), restorable_newest_timestamp=NOW - 301), NOW)

    (line,) = [part.text for part in explanation.requirements if part.key == "max_gap"]
    assert line == "largest gap 5m 1s from 1970-01-12 13:41 UTC to now, allowed: 5m"


def test_nothing_restorable_is_the_only_danger_of_its_kind() -> None:
    """What depends on a restore point is unknown without one."""
    explanation = explain(replace(NEVER, objective=ALL, running_oldest_timestamp=None), NOW)

    unknown = [part.text for part in explanation.requirements if part.state is RequirementState.UNKNOWN]
    assert unknown == [
        "no oldest restore point, required: 16m 40s ago",
        "no gap to measure, allowed: 5m",
        "no full restore point, allowed: 8m 20s",
        "no chain to restore, allowed: 7",
    ]
    assert explanation.problems == (Problem.NO_RESTORABLE_BACKUP,)
    assert explanation.largest_gap is None


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("parent_missing", (Problem.CHAIN_BROKEN,)),
        ("parent_failed", (Problem.CHAIN_BROKEN,)),
        ("cycle", (Problem.CHAIN_BROKEN,)),
        ("parent_running", ()),
    ],
)
def test_a_broken_chain_is_a_danger_unless_its_parent_is_running(
    reason: str, found: tuple[Problem, ...]
) -> None:
    """A parent that is still running needs no one's help."""
    chain = NewestChain((ChainLink("b"),), broken=BrokenChain(reason, ChainLink("a"), 1))

    assert explain(replace(WELL, chain=chain), NOW).problems == found


def test_broken_chains_behind_the_newest_backup_are_no_danger() -> None:
    """Once the newest usable backup can be restored, older ones that cannot need nothing done."""
    database = replace(
        WELL, unrestorable_by_reason=(("parent_failed", 3),), chain=NewestChain((ChainLink("b"),))
    )

    assert not explain(database, NOW).is_at_risk


def test_without_an_objective_nothing_is_at_risk() -> None:
    """A retired database has no requirements."""
    explanation = explain(replace(NEVER, objective=AppliedObjective(), last_attempt_failed=True), NOW)

    assert explanation.requirements == ()
    assert explanation.problems == ()
    assert explanation.exemption == "`objectives` require nothing of its backups"
    retired = explain(replace(explanation.database, is_retired=True), NOW)
    assert retired.exemption is not None
    assert retired.exemption.startswith("it is deleted: neither the API nor `expected_instances` lists it")
    assert explain(replace(WELL), NOW).exemption is None


def test_attempts_of_the_last_seven_days_are_recent() -> None:
    """An attempt of exactly that age is."""
    ages = [7 * DAY + 1, 7 * DAY, 3 * DAY, 2 * DAY, DAY]
    outcomes = [Outcome.FULL, Outcome.FULL, Outcome.FAILED, Outcome.INCREMENTAL, Outcome.FULL]
    line = TimeLine.of([Attempt(NOW - age, made) for age, made in zip(ages, outcomes, strict=True)])

    assert explain(replace(WELL, timeline=line), NOW).recent_attempts == (
        (Outcome.FULL, 2),
        (Outcome.INCREMENTAL, 1),
        (Outcome.FAILED, 1),
    )


@given(st.lists(st.sampled_from(Outcome), max_size=8))
def test_attempts_that_failed_since_one_completed(outcomes: list[Outcome]) -> None:
    """Those that still run, or whose status says nothing, neither count nor interrupt."""
    line = TimeLine.of([Attempt(NOW + at, outcome) for at, outcome in enumerate(outcomes)])
    failed: list[float] = []
    for at, outcome in enumerate(outcomes):
        if outcome is Outcome.FAILED:
            failed.append(NOW + at)
        elif outcome not in {Outcome.RUNNING, Outcome.OTHER}:
            failed.clear()
    found = explain(replace(WELL, timeline=line, last_attempt_failed=bool(failed)), NOW).failed_attempts

    assert found == (FailedAttempts(len(failed), failed[0]) if failed else None)


def test_attempts_before_the_last_completed_one_are_not_read() -> None:
    """A long time line is not unpacked for its last attempts: the old outcomes are unreadable here."""
    outcomes = bytes([255]) * 100 + bytes([Outcome.FULL, Outcome.FAILED])
    times = [NOW - 30 * DAY + at for at in range(len(outcomes))]
    line = TimeLine((Track.of(times, [], outcomes),))

    assert explain(
        replace(WELL, timeline=line, last_attempt_failed=True), NOW
    ).failed_attempts == FailedAttempts(1, times[-1])


SECONDS = st.integers(0, 20).map(float)
LIMIT = st.none() | SECONDS
MOMENT = st.none() | st.integers(-2, 22).map(lambda age: NOW - age)


@st.composite
def databases(draw: st.DrawFn) -> DatabaseAssessment:
    """Draw facts near the limits of a drawn objective; facts about restore points only if there are any."""
    has_any = draw(st.booleans())
    newest = draw(MOMENT.filter(bool)) if has_any else None
    gap = draw(st.integers(0, 22))
    reasons = st.sampled_from(["parent_missing", "parent_failed", "parent_running", "cycle"])
    broken = st.builds(BrokenChain, reasons, st.just(ChainLink("culprit")), st.integers(1, 3))
    return variant(
        "drawn",
        objective=draw(
            st.builds(AppliedObjective, LIMIT, LIMIT, LIMIT, LIMIT, LIMIT, st.none() | st.integers(1, 20))
        ),
        restorable_newest_timestamp=newest,
        restorable_oldest_timestamp=newest and newest - gap,
        gaps=Gaps.of([newest - gap], [newest]) if newest else Gaps(),
        newest_full_timestamp=draw(MOMENT) if has_any else None,
        newest_chain_length=draw(st.integers(1, 22)) if has_any else None,
        running_oldest_timestamp=draw(MOMENT),
        last_attempt_failed=draw(st.none() | st.booleans()),
        chain=draw(st.none() | st.builds(NewestChain, st.just((ChainLink("b"),)), broken=st.none() | broken)),
        timeline=TimeLine.of(
            [Attempt(NOW - 9 * DAY, Outcome.FULL), Attempt(NOW, draw(st.sampled_from(Outcome)))]
        ),
    )


def over(value: float | None, limit: float | None) -> bool:
    """Whether there is a value, a limit, and too much of it."""
    return value is not None and limit is not None and value > limit


def dangers(one: DatabaseAssessment) -> set[Problem]:
    """Return what is wrong with a drawn database, computed one by one."""
    limits = one.objective
    chain = one.chain.broken if one.chain else None
    since = {
        name: None if moment is None else max(0.0, NOW - moment)
        for name, moment in [
            ("newest", one.restorable_newest_timestamp),
            ("full", one.newest_full_timestamp),
            ("running", one.running_oldest_timestamp),
        ]
    }
    relevant = [gap for gap in one.gaps if limits.retention is None or NOW - gap.ends <= limits.retention]
    gap = max([since["newest"], *(gap.seconds for gap in relevant)]) if since["newest"] is not None else None
    needed = [limits.age, limits.retention, limits.gap, limits.full_age, limits.chain_length]
    needs_backups = needed != [None] * 5
    found = {
        Problem.NO_RESTORABLE_BACKUP: needs_backups and since["newest"] is None,
        Problem.OVER_OBJECTIVE: over(since["newest"], limits.age),
        Problem.CHAIN_BROKEN: needs_backups and chain is not None and chain.reason != "parent_running",
        Problem.LAST_ATTEMPT_FAILED: needs_backups and one.last_attempt_failed,
        Problem.RUNS_TOO_LONG: over(since["running"], limits.duration),
        Problem.FULL_TOO_OLD: over(since["full"], limits.full_age),
        Problem.CHAIN_TOO_LONG: over(one.newest_chain_length, limits.chain_length),
        Problem.GAP_TOO_LONG: over(gap, limits.gap),
    }
    return {problem for problem, is_found in found.items() if is_found}


@given(databases())
def test_the_problems_equal_those_computed_one_by_one(one: DatabaseAssessment) -> None:
    """Each danger is found, none is invented, and the worst comes first with its advice."""
    explanation = explain(one, NOW)

    assert explanation.problems == tuple(sorted(dangers(one)))
    assert [advice.problem for advice in explanation.advice] == list(explanation.problems)
    assert explanation.is_at_risk == bool(dangers(one))


@given(databases())
def test_a_part_is_missed_exactly_if_there_is_a_problem_of_its_kind(one: DatabaseAssessment) -> None:
    """The list of requirements and the list of problems never contradict each other."""
    explanation = explain(one, NOW)

    missed = {name for name, state in states(explanation).items() if state is RequirementState.MISSED}
    kinds = {key: {problem} for key, (problem, _) in OVER.items()}
    if one.objective.age is not None:
        kinds["max_age"].add(Problem.NO_RESTORABLE_BACKUP)
    assert missed == {key for key, problems in kinds.items() if problems & {*explanation.problems}}


@given(databases())
def test_recent_attempts_are_counted_by_outcome(one: DatabaseAssessment) -> None:
    """They are those of the time line, without the old ones."""
    recent = Counter(attempt.outcome for attempt in one.timeline if attempt.created_at >= NOW - 7 * DAY)

    assert dict(explain(one, NOW).recent_attempts) == recent


@pytest.mark.parametrize("edge", [-62_135_614_800.0, 253_402_318_800.0])
def test_a_gap_at_the_edge_of_the_calendar_is_explained(edge: float) -> None:
    """Another zone's first or last day has no date in UTC."""
    database = DatabaseAssessment(
        instance_id="one",
        datastore_type="redis",
        restorable_newest_timestamp=edge,
        objective=AppliedObjective(gap=1.0),
    )

    assert any("out of range" in requirement.text for requirement in explain(database, NOW).requirements)


def test_a_gap_that_ends_in_the_future_does_not_end_now() -> None:
    """The clock may be slow, or the backup imported: the gap is said as it is."""
    database = DatabaseAssessment(
        instance_id="one",
        datastore_type="redis",
        restorable_newest_timestamp=NOW + 86_400,
        gaps=Gaps.of([NOW - 86_400], [NOW + 86_400]),
        objective=AppliedObjective(gap=1.0),
    )
    (requirement,) = explain(database, NOW).requirements

    assert "to now" not in requirement.text
