"""Tests of `exporter.web.timeline`."""

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.results import (
    AppliedObjective,
    Attempt,
    BrokenChain,
    ChainLink,
    DatabaseAssessment,
    Gap,
    NewestChain,
    Outcome,
    TimeLine,
)
from exporter.web.timeline import COLUMNS, MARGIN, MOST_TICKS, Bar, Chart, Tick, chart

NOW: Final = 1_767_225_600.0  # 2026-01-01 00:00 UTC
DAY: Final = 86_400.0
EMPTY: Final = DatabaseAssessment(instance_id="a", datastore_type="redis")
CENTURY: Final = 100 * 365 * DAY
ATTEMPTS: Final = st.lists(
    st.builds(Attempt, st.floats(NOW - CENTURY, NOW + CENTURY), st.sampled_from(Outcome))
).map(lambda attempts: sorted(attempts, key=lambda attempt: attempt.created_at))
OBJECTIVES: Final = st.builds(
    AppliedObjective, age=st.none() | st.floats(0, CENTURY), retention=st.none() | st.floats(0, CENTURY)
)


def timeline_of(attempts: Sequence[Attempt]) -> TimeLine:
    """Return a time line of two tracks."""
    tracks = (TimeLine.of(part).tracks for part in (attempts[::2], attempts[1::2]))
    return TimeLine(tuple(track for parts in tracks for track in parts))


def with_attempts(*attempts: Attempt) -> DatabaseAssessment:
    """Return a database with these backups."""
    return replace(EMPTY, timeline=timeline_of(attempts))


def bars(drawn: Chart) -> list[Bar]:
    """Return everything that is drawn as a bar."""
    marks = [bar for lane in drawn.lanes for bar in lane.bars]
    return marks + [bar for bar in (drawn.age, drawn.retention, drawn.gap) if bar]


@given(ATTEMPTS, OBJECTIVES)
def test_everything_is_always_inside_the_picture(
    attempts: Sequence[Attempt], objective: AppliedObjective
) -> None:
    """No backup, objective, gap or label is outside of it, however old or far in the future."""
    gap = Gap(attempts[0].created_at, max(NOW, attempts[-1].created_at)) if attempts else None
    drawn = chart(replace(with_attempts(*attempts), objective=objective), gap, NOW)
    highest = 100 - MARGIN + 0.02  # positions are rounded

    assert all(MARGIN <= bar.left <= bar.left + bar.width <= highest for bar in bars(drawn))
    assert all(bar.width >= 0 for bar in bars(drawn))
    assert all(MARGIN <= tick.left <= highest for tick in drawn.ticks)
    assert MARGIN <= drawn.now <= highest


@given(ATTEMPTS)
def test_every_backup_is_drawn_in_the_lane_of_its_outcome(attempts: Sequence[Attempt]) -> None:
    """A bar covers it, as exactly as a column is wide, and no bar is without a backup."""
    drawn = chart(with_attempts(*attempts), None, NOW)
    lanes = {lane.outcome: lane for lane in drawn.lanes}
    column = (100 - 2 * MARGIN) / COLUMNS

    assert sum(lane.count for lane in drawn.lanes) == len(attempts)
    assert set(lanes) == {attempt.outcome for attempt in attempts}
    for attempt in attempts:
        left = drawn.period.percent(attempt.created_at)
        assert any(
            bar.left - column <= left <= bar.left + bar.width + column for bar in lanes[attempt.outcome].bars
        )
    for lane in drawn.lanes:
        lefts = [drawn.period.percent(a.created_at) for a in attempts if a.outcome is lane.outcome]
        assert all(
            any(bar.left - column <= left <= bar.left + bar.width + column for left in lefts)
            for bar in lane.bars
        )


@given(ATTEMPTS)
def test_a_time_line_has_few_marks_whatever_the_number_of_backups(attempts: Sequence[Attempt]) -> None:
    """There is at most a bar for every other column of a lane."""
    drawn = chart(with_attempts(*attempts), None, NOW)

    assert all(len(lane.bars) <= COLUMNS / 2 for lane in drawn.lanes)
    assert len(drawn.ticks) <= MOST_TICKS


def test_neighbouring_columns_share_a_bar() -> None:
    """Backups every minute for a day are one bar from side to side."""
    minutes = (Attempt(NOW - 60 * minute, Outcome.FULL) for minute in range(1440, -1, -1))
    (lane,) = chart(with_attempts(*minutes), None, NOW).lanes

    assert lane.count == 1441
    assert lane.bars == (Bar(MARGIN, 100 - 2 * MARGIN),)


def test_an_empty_time_line_shows_a_day() -> None:
    """It has labels and the present, and nothing else."""
    drawn = chart(EMPTY, None, NOW)

    assert (drawn.period.begins, drawn.period.ends) == (NOW - DAY, NOW)
    assert drawn.ticks == (
        Tick(1.0, "Dec 31 00:00"),
        Tick(25.5, "Dec 31 06:00"),
        Tick(50.0, "Dec 31 12:00"),
        Tick(74.5, "Dec 31 18:00"),
    )
    assert drawn.now == 99.0
    assert bars(drawn) == []
    assert drawn.culprit is None


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (4, ["Dec 28", "Dec 29", "Dec 30", "Dec 31"]),
        (28, ["Dec 04", "Dec 11", "Dec 18", "Dec 25"]),
        (1000, ["2023-12-19", "2024-12-18"]),
    ],
)
def test_labels_fit_the_period(days: int, labels: list[str]) -> None:
    """They are round times; the year is given where a label stands for a month or more."""
    drawn = chart(with_attempts(Attempt(NOW - days * DAY, Outcome.FULL)), None, NOW)

    assert [tick.label for tick in drawn.ticks] == labels


def test_the_objective_and_the_gap_are_drawn() -> None:
    """The picture reaches back as far as the objective does."""
    objective = AppliedObjective(age=DAY, retention=10 * DAY)
    drawn = chart(replace(EMPTY, objective=objective), Gap(NOW - 5 * DAY, NOW), NOW)

    assert drawn.retention == Bar(1.0, 98.0)
    assert drawn.age == Bar(89.2, 9.8)
    assert drawn.gap == Bar(50.0, 49.0)


@pytest.mark.parametrize(("created_at", "left"), [(NOW - DAY / 2, 50.0), (None, None)])
def test_the_broken_link_is_drawn_if_its_time_is_known(created_at: float | None, left: float | None) -> None:
    """A parent that is missing from the list has none."""
    culprit = ChainLink("b", created_at=created_at)
    chain = NewestChain((ChainLink("c"),), broken=BrokenChain("parent_failed", culprit, 3))

    assert chart(replace(EMPTY, chain=chain), None, NOW).culprit == left
    assert chart(replace(EMPTY, chain=replace(chain, broken=None)), None, NOW).culprit is None


@given(ATTEMPTS, st.floats(NOW - 2 * CENTURY, NOW + 2 * CENTURY), st.integers(1, 9))
def test_parts_of_a_time_line_are_those_of_the_whole(
    attempts: Sequence[Attempt], time: float, number: int
) -> None:
    """Attempts since a time, the last ones, and their number by outcome."""
    timeline = timeline_of(attempts)
    times = [attempt.created_at for attempt in attempts]

    assert [attempt.created_at for attempt in timeline] == times
    assert [attempt.created_at for attempt in timeline.since(time)] == [
        each for each in times if each >= time
    ]
    assert [attempt.created_at for attempt in timeline.last(number)] == times[-number:]
    assert {outcome: timeline.count(outcome) for outcome in Outcome} == {
        outcome: sum(attempt.outcome is outcome for attempt in attempts) for outcome in Outcome
    }
