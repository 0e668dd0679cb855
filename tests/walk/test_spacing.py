"""Where a list is divided into pages."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.walk.spacing import SPARE, spaced

KEPT = st.lists(st.integers(1, 3000), unique=True, max_size=60).map(sorted)


@given(KEPT, st.integers(1, 100), st.integers(1, 3000))
def test_no_page_is_longer_than_the_api_allows_and_few_are_more_than_necessary(
    kept: list[int], step: int, end: int
) -> None:
    """Whatever is kept."""
    positions = spaced(kept, step, end)
    necessary = len(range(step, end, step))

    assert all(0 < later - earlier <= step for earlier, later in pairwise([0, *positions]))
    assert end - step <= [0, *positions][-1] < end
    assert necessary <= len(positions) <= necessary + necessary // SPARE


@pytest.mark.parametrize(
    ("kept", "end", "positions"),
    [
        ((), 60, (10, 20, 30, 40, 50)),
        ((13, 23, 33, 43), 63, (3, 13, 23, 33, 43, 53)),
        ((33,), 53, (3, 13, 23, 33, 43)),
        ((10, 20, 29, 39), 59, (10, 20, 29, 39, 49)),
        ((3, 6, 9, 12, 15), 60, (10, 20, 30, 40, 50)),
        ((10, 20, 60), 60, (10, 20, 30, 40, 50)),
    ],
)
def test_kept_positions_are_those_of_the_next_walk(
    kept: Sequence[int], end: int, positions: Sequence[int]
) -> None:
    """New records come first, so positions between them are counted from the end; too many are not kept."""
    assert tuple(spaced(kept, 10, end)) == positions


def test_a_long_list_may_have_a_page_more_than_necessary() -> None:
    """One in fifty: the first and the last page are both short."""
    kept = range(5, 510, 10)

    assert list(spaced(kept, 10, 509)) == list(kept)
    assert list(spaced(kept, 10, 506)) == list(kept)
    assert list(spaced(range(5, 500, 10), 10, 499)) == list(range(10, 499, 10))


def test_a_list_that_ends_at_a_kept_position_is_not_divided_there() -> None:
    """No page follows it."""
    assert list(spaced(range(10, 511, 10), 10, 510)) == list(range(10, 501, 10))
