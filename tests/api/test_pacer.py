"""The pacer, by times that tests choose."""

import pytest

from exporter.api.pacer import DEMAND_PERIOD, Pacer

HOUR_LIMIT = 1_000


def pacer_with_walks(*times: float) -> Pacer:
    """Make a pacer that started at 0 and had walks requested at these times."""
    made = Pacer(0.0)
    for time in times:
        made.record_demand(time)
    return made


def test_the_first_walk_does_not_wait() -> None:
    """Nothing was sent yet."""
    assert Pacer(0.0).seconds_until_turn(0.0) == 0


def test_each_request_postpones_the_next_turn() -> None:
    """Postponements add up, and time shortens the wait."""
    pacer = Pacer(0.0)

    pacer.postpone(36, 100)
    pacer.postpone(36, 100)

    assert pacer.seconds_until_turn(100) == 72
    assert pacer.seconds_until_turn(150) == 22
    assert pacer.seconds_until_turn(500) == 0


def test_a_cancelled_request_restores_the_turn() -> None:
    """`advance` undoes one `postpone`."""
    pacer = Pacer(0.0)
    pacer.postpone(36, 100)
    pacer.postpone(36, 100)

    pacer.advance(36)

    assert pacer.seconds_until_turn(100) == 36


def test_advancing_an_unused_pacer_changes_nothing() -> None:
    """There is no turn to move."""
    pacer = Pacer(0.0)

    pacer.advance(36)

    assert pacer.seconds_until_turn(0) == 0


def test_spreads_walks_until_the_demand_is_known() -> None:
    """A new exporter does not know how often it will be scraped."""
    pacer = pacer_with_walks(0.0)

    assert pacer.must_spread(1, HOUR_LIMIT, DEMAND_PERIOD - 1)
    assert not pacer.must_spread(1, HOUR_LIMIT, DEMAND_PERIOD + 1)


@pytest.mark.parametrize(("walks", "must_spread"), [(16, False), (17, True)])
def test_spreads_walks_that_exceed_the_hour(walks: int, must_spread: bool) -> None:  # noqa: FBT001 - what is expected
    """Ten requests each, 1,000 an hour: at most 16 walks in ten minutes."""
    pacer = pacer_with_walks(*(DEMAND_PERIOD + number for number in range(walks)))

    assert pacer.must_spread(10, HOUR_LIMIT, DEMAND_PERIOD + walks) is must_spread


def test_old_walks_do_not_count() -> None:
    """Only the last ten minutes predict the hour."""
    pacer = pacer_with_walks(*(float(number) for number in range(100)))

    assert not pacer.must_spread(10, HOUR_LIMIT, DEMAND_PERIOD + 100)


def test_repr_shows_its_state() -> None:
    """A log or a debugger shows when the next walk may start."""
    assert repr(pacer_with_walks(1.0)) == "Pacer(next turn at None, 1 walks requested)"
