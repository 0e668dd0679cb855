"""How often databases are backed up, and whether their objective leaves room for that."""

from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.backups.cadence import Cadence, cadence_warnings, observe
from exporter.results import AppliedObjective, Attempt, DatabaseAssessment, Outcome, TimeLine

HOUR = 3600.0
DAY = 24 * HOUR
WEEKDAYS = (24.0, 24.0, 24.0, 24.0, 72.0)


def timeline(
    intervals: Sequence[float], durations: Sequence[float | None] = (), outcome: Outcome = Outcome.FULL
) -> TimeLine:
    """Make attempts that are these hours apart; the last durations (hours) are of the last attempts."""
    starts = list(accumulate(intervals, initial=0.0))
    padded = [*[None] * (len(starts) - len(durations)), *durations]
    return TimeLine.of(
        [
            Attempt(start * HOUR, outcome, None if duration is None else duration * HOUR)
            for start, duration in zip(starts, padded, strict=True)
        ]
    )


def database(instance_id: str, line: TimeLine, age: float | None = 30.0) -> DatabaseAssessment:
    """Make a database with this `max_age` in hours."""
    return DatabaseAssessment(
        instance_id=instance_id,
        datastore_type="mysql",
        timeline=line,
        objective=AppliedObjective(age=None if age is None else age * HOUR),
    )


NIGHTLY = timeline([24] * 10, [2.5] * 11)


class TestObserve:
    """What recurs among the last attempts."""

    def test_a_nightly_schedule(self) -> None:
        """The interval is the distance of starts, the duration the time to the last update."""
        assert observe(NIGHTLY) == Cadence(DAY, 2.5 * HOUR)

    @pytest.mark.parametrize(
        ("intervals", "hours"),
        [
            ([24, 24, 48], 24),
            ([24] * 28 + [48], 24),
            ([24] * 24 + [48] * 2, 24),
            (WEEKDAYS * 6, 72),
            (WEEKDAYS[1:], 24),
            ([0.25, 23.75] * 5, 23.75),
            ([*[1] * 8, 16] * 4, 16),
            ([168] * 50 + [24] * 27, 24),
        ],
        ids=[
            "a missed night",
            "one of many",
            "two of many",
            "working days",
            "one weekend",
            "two a night",
            "working hours",
            "a new schedule",
        ],
    )
    def test_the_longest_interval_that_recurs_counts(self, intervals: list[float], hours: float) -> None:
        """Weekends count, single missed nights and a former schedule do not."""
        observed = observe(timeline(intervals))

        assert observed == Cadence(hours * HOUR, None)

    @pytest.mark.parametrize("intervals", [[], [24], [24, 24]])
    def test_a_few_attempts_show_nothing(self, intervals: list[float]) -> None:
        """A young database has no cadence yet."""
        assert observe(timeline(intervals)) is None

    def test_failed_attempts_count_for_the_interval_only(self) -> None:
        """A database whose backups fail is backed up as often as it is tried, and no duration is known."""
        line = timeline([24] * 5, [1.0] * 6, Outcome.FAILED)

        assert observe(line) == Cadence(DAY, None)

    def test_a_backup_whose_chain_is_broken_took_its_time(self) -> None:
        """Whether it can be restored makes no difference to how long it took."""
        line = timeline([24] * 5, [1.0] * 6, Outcome.UNRESTORABLE)

        assert observe(line) == Cadence(DAY, HOUR)

    def test_one_late_update_is_no_duration(self) -> None:
        """A restore changes `updated_at` of one backup days later: that is not how long it took."""
        observed = observe(timeline([24] * 5, [2.0, 2.0, 2.0, 2.0, 100.0]))

        assert observed == Cadence(DAY, 2 * HOUR)

    @given(st.lists(st.integers(0, 10), min_size=3, max_size=29))
    def test_equals_counting(self, intervals: list[int]) -> None:
        """It is the greatest interval that at least two, and one in ten, are not shorter than."""
        reached = {value: sum(other >= value for other in intervals) for value in intervals}
        enough = [value for value in intervals if reached[value] >= max(2, len(intervals) / 10)]

        assert observe(timeline(intervals)) == Cadence(max(enough) * HOUR, None)


class TestWarnings:
    """Which objectives a healthy schedule exceeds."""

    @pytest.mark.parametrize(("age", "warned"), [(26.0, 1), (27.4, 1), (27.5, 0), (30.0, 0), (None, 0)])
    def test_an_interval_a_duration_and_an_hour_must_fit(self, age: float | None, warned: int) -> None:
        """Exactly that is enough; without an objective everything is."""
        assert len(cadence_warnings([database("orders", NIGHTLY, age)])) == warned

    def test_each_age_has_a_kind_of_its_own(self) -> None:
        """Ages that differ by a second are not mistaken for each other."""
        line = timeline([24.0 * 20] * 10)
        ages = [1_000_000 / HOUR, 1_000_001 / HOUR]
        found = cadence_warnings([database(str(age), line, age) for age in ages])

        assert [warning.kind for warning in found] == ["cadence 1000000", "cadence 1000001"]

    def test_an_unknown_duration_adds_nothing(self) -> None:
        """The interval and the hour are needed in any case."""
        line = timeline([24] * 5)

        assert cadence_warnings([database("orders", line, 25.0)]) == ()
        assert len(cadence_warnings([database("orders", line, 24.0)])) == 1

    def test_a_young_database_is_not_warned_about(self) -> None:
        """No backup at all, or too few, exceed nothing."""
        assert cadence_warnings([database("new", TimeLine(), 1.0)]) == ()

    def test_one_line_for_each_objective(self) -> None:
        """The line names the database that needs the most, and a value that is enough for all."""
        slow = timeline([24] * 10, [4.0] * 11)
        databases = [
            database("b", slow, 26.0),
            database("a", NIGHTLY, 26.0),
            database("c", slow, 26.0),
            database("hourly", timeline([1] * 9, [0.5] * 10), 2.0),
            database("fine", NIGHTLY),
        ]

        hourly, nightly = cadence_warnings(databases)

        assert hourly.text == (
            "max_age 2h is too short for 1 database even if no backup fails; set `max_age: 3h` or back up "
            "more often: the backups of 'hourly' start up to 1h apart and take up to 30m"
        )
        assert nightly.text == (
            "max_age 1d 2h is too short for 3 databases even if no backup fails; set `max_age: 29h` or back "
            "up more often: the backups of 'b' start up to 1d apart and take up to 4h"
        )
        assert hourly.kind != nightly.kind

    @given(
        st.lists(st.integers(1, 100), min_size=3, max_size=40),
        st.lists(st.integers(0, 50), max_size=4),
        st.integers(1, 200),
    )
    def test_the_recommended_age_is_always_enough(
        self, intervals: list[int], durations: list[int], age: int
    ) -> None:
        """An objective changed as advised gives no warning, and an hour less would not do."""
        line = timeline(intervals, durations)
        for warning in cadence_warnings([database("orders", line, age)]):
            advised = float(warning.text.partition("max_age: ")[2].partition("h`")[0])
            assert cadence_warnings([database("orders", line, advised)]) == ()
            assert cadence_warnings([database("orders", line, advised - 1)])
