"""The ledger against plain counting."""

import re

from hypothesis import given
from hypothesis import strategies as st

from exporter.api.request_ledger import RequestLedger

STEPS = st.lists(st.floats(0, 900), max_size=40)


def ledger_of(times: list[float]) -> RequestLedger:
    """Make a ledger of requests sent at these times, in order."""
    made = RequestLedger()
    for time in times:
        made.add(time)
    return made


def accumulated(steps: list[float]) -> list[float]:
    """Return ascending times from the pauses between them."""
    times, now = [], 0.0
    for step in steps:
        now += step
        times.append(now)
    return times


@given(STEPS, st.sampled_from([60.0, 3600.0]), st.floats(0, 3600))
def test_count_is_always_the_requests_of_the_window(steps: list[float], seconds: float, later: float) -> None:
    """The window excludes its start and includes its end."""
    times = accumulated(steps)
    now = (times[-1] if times else 0.0) + later

    assert ledger_of(times).count(seconds, now) == sum(now - seconds < time for time in times)


@given(STEPS, st.integers(1, 50), st.integers(1, 30), st.sampled_from([60.0, 3600.0]))
def test_there_is_room_after_the_wait_and_not_before(
    steps: list[float], requests: int, limit: int, seconds: float
) -> None:
    """The wait is exact: a second less leaves too little room."""
    times = accumulated(steps)
    now = times[-1] if times else 0.0
    ledger = ledger_of(times)
    wanted = min(requests, limit)

    wait = ledger.seconds_until_room(requests, limit, seconds, now)

    assert ledger.count(seconds, now + wait + 1e-6) + wanted <= limit
    if wait > 1:
        assert ledger.count(seconds, now + wait - 1) + wanted > limit


def test_removes_the_request_itself() -> None:
    """The others keep their times."""
    ledger = ledger_of([0.0, 10.0, 20.0])

    ledger.remove(0.0)

    assert ledger.count(60, 20) == 2
    assert ledger.seconds_until_oldest_leaves(60, 20) == 50


def test_removes_only_one_of_requests_with_the_same_time() -> None:
    """Threads may send at the same instant."""
    ledger = ledger_of([5.0, 5.0])

    ledger.remove(5.0)

    assert ledger.count(60, 5) == 1


def test_ignores_the_removal_of_a_request_that_was_dropped() -> None:
    """A request may be cancelled after more than an hour."""
    ledger = ledger_of([5.0])

    ledger.remove(4.0)

    assert ledger.count(60, 5) == 1


def test_an_empty_window_has_no_oldest_request() -> None:
    """There is nothing to wait for."""
    ledger = ledger_of([0.0])

    assert ledger.seconds_until_oldest_leaves(60, 61) is None


def test_drops_requests_that_left_the_hour() -> None:
    """They are dropped in batches, and the count is exact."""
    ledger = ledger_of([3.0 * number for number in range(5_000)])
    now = 3.0 * 5_000

    match = re.fullmatch(r"RequestLedger\((\d+) requests\)", repr(ledger))

    assert match is not None
    assert 1_199 <= int(match[1]) <= 1_199 + 1_002
    assert ledger.count(3600, now) == 1_199
