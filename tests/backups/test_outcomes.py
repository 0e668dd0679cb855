"""The backups of one database over time, and the gaps between restore points."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from exporter.backups.outcomes import gaps
from exporter.results import AppliedObjective, DatabaseAssessment, Gaps

TIMES = st.lists(st.integers(0, 60), min_size=1, max_size=12).map(sorted)


def naive_largest_gap(times: Sequence[float], retention: float | None, now: float) -> float:
    """Compare every gap whose later end, or now, lies within the retention."""
    ends = [*times, max(now, times[-1])]
    inside = [end - begin for begin, end in pairwise(ends) if retention is None or end >= now - retention]
    return max([*inside, ends[-1] - ends[-2]])


@given(TIMES, st.none() | st.integers(0, 80), st.integers(-10, 60))
def test_the_largest_gap_of_any_window(times: list[int], retention: int | None, later: int) -> None:
    """The gaps that are kept give the same result as all of them, whenever it is asked for."""
    now = times[-1] + later
    database = DatabaseAssessment(
        instance_id="one",
        datastore_type="redis",
        restorable_newest_timestamp=times[-1],
        gaps=gaps(times, only_largest=retention is None),
        objective=AppliedObjective(retention=retention),
    )
    found = database.largest_gap(now)

    assert found is not None
    assert found.seconds == naive_largest_gap(times, retention, now)


@given(TIMES)
def test_kept_gaps_shrink(times: list[int]) -> None:
    """Each is larger than all later ones, so few of a regular schedule are kept."""
    lengths = [gap.seconds for gap in gaps(times, only_largest=False)]

    assert all(earlier > later for earlier, later in pairwise(lengths))


def test_without_a_restorable_backup_there_is_no_gap() -> None:
    """Neither before the first one nor without any."""
    assert gaps([], only_largest=False) == gaps([5.0], only_largest=True) == Gaps()
    assert DatabaseAssessment(instance_id="one", datastore_type="redis").largest_gap(0.0) is None


def test_gaps_are_packed() -> None:
    """Gaps that shrink from backup to backup are all kept, in 16 bytes each."""
    shrinking = [float(1000 - distance * distance) for distance in range(30, -1, -1)]
    kept = gaps(shrinking, only_largest=False)

    assert len(kept) == 30
    assert [(gap.begins, gap.ends) for gap in kept] == list(pairwise(shrinking))
    assert len(kept.begins) + len(kept.ends) == 16 * len(kept)
