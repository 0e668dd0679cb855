"""Requests are counted in fixed windows."""

from hypothesis import given
from hypothesis.strategies import floats, lists

from exporter.simulator.ratelimit import RateLimit


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the moment that it was told."""
        return self.now


def test_headers_count_down() -> None:
    """Every answer says the minute's limit, what is left of it, and when it begins anew."""
    limit = RateLimit("standard", Clock(130))

    assert limit.take().headers == {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "59",
        "X-RateLimit-Reset": "180",
    }
    assert limit.take().headers["X-RateLimit-Remaining"] == "58"


def test_over_the_minutes_limit() -> None:
    """The request after the last is refused until the window ends, and then is not."""
    clock = Clock(130.5)
    limit = RateLimit("standard", clock)
    allowed = [limit.take().retry_after for _ in range(60)]
    refused = limit.take()
    clock.now = 180

    assert set(allowed) == {None}
    assert refused.retry_after == 50
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert limit.take().retry_after is None


def test_over_the_hours_limit() -> None:
    """A thousand an hour are fewer than sixty a minute."""
    clock = Clock()
    limit = RateLimit("standard", clock)
    for number in range(1000):
        clock.now = number * 1.0
        limit.take()
    refused = limit.take()

    assert refused.retry_after == 3600 - 999
    assert refused.headers["X-RateLimit-Remaining"] != "0"


def test_unlimited_says_nothing() -> None:
    """Without a limit there are no headers either."""
    allowance = RateLimit("unlimited", Clock()).take()

    assert allowance.headers == {}
    assert allowance.retry_after is None


@given(lists(floats(0, 30), max_size=300))
def test_no_window_ever_admits_more(steps: list[float]) -> None:
    """However requests come, no minute has more than sixty that were allowed."""
    clock = Clock()
    limit = RateLimit("standard", clock)
    minutes: list[int] = []
    for step in steps:
        clock.now += step / 10
        if limit.take().retry_after is None:
            minutes.append(int(clock.now // 60))

    assert all(minutes.count(minute) <= 60 for minute in minutes)
