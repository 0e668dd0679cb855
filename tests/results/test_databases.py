"""The gap that matters at a time."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.results import AppliedObjective, DatabaseAssessment, Gap, Gaps

NOW = 1000.0


def database(*gaps: Gap, newest: float | None = None, retention: float | None = None) -> DatabaseAssessment:
    """Make a database with these gaps between restorable backups."""
    return DatabaseAssessment(
        instance_id="one",
        datastore_type="redis",
        restorable_newest_timestamp=newest,
        gaps=Gaps.of([gap.begins for gap in gaps], [gap.ends for gap in gaps]),
        objective=AppliedObjective(retention=retention),
    )


def test_a_name_or_else_the_id() -> None:
    """A database is called by its id if nothing names it."""
    assert database().name == "one"
    assert DatabaseAssessment(instance_id="one", datastore_type="redis", instance_name="x").name == "x"


def test_nothing_restorable_has_no_gap() -> None:
    """A gap begins with a restore point."""
    assert database().largest_gap(NOW) is None


def test_the_time_since_the_newest_is_a_gap() -> None:
    """It is the largest if none between two restore points is larger."""
    gap = Gap(100, 400)

    assert database(gap, newest=400.0).largest_gap(NOW) == Gap(400, NOW)
    assert database(gap, newest=900.0).largest_gap(NOW) == gap


def test_a_newest_backup_in_the_future_has_no_gap_after_it() -> None:
    """A clock that is behind makes no negative gap."""
    assert database(newest=NOW + 5).largest_gap(NOW) == Gap(NOW + 5, NOW + 5)


def test_a_gap_matters_while_its_end_lies_within_the_retention() -> None:
    """It does if it ends exactly where the retention begins, however early it began."""
    gaps = Gap(0, 500), Gap(600, 900)

    assert database(*gaps, newest=900.0, retention=500.0).largest_gap(NOW) == gaps[0]
    assert database(*gaps, newest=900.0, retention=499.0).largest_gap(NOW) == gaps[1]
    assert database(*gaps, newest=900.0, retention=50.0).largest_gap(NOW) == Gap(900, NOW)


@given(st.integers(0, 900), st.integers(0, 900), st.integers(0, 900), st.integers(0, 2000))
def test_it_never_shrinks_before_the_next_backup_or_the_end_of_the_retention(
    newest: int, begins: int, ends: int, wait: int
) -> None:
    """Without a retention, waiting makes the largest gap longer or leaves it as it is."""
    one = database(Gap(min(begins, ends), max(begins, ends)), newest=float(newest))
    before, after = one.largest_gap(NOW), one.largest_gap(NOW + wait)

    assert before is not None
    assert after is not None
    assert after.seconds >= before.seconds
