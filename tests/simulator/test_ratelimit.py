"""Requests are counted in fixed windows."""

from hypothesis import given
from hypothesis.strategies import floats, lists

from exporter.simulator.ratelimit import RateLimit


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time that the test set."""
        return self.now


def test_headers_count_down() -> None:
    """Every reply has the minute's limit, what is left of it and when it resets."""
    limit = RateLimit("standard", Clock(130))

    assert limit.take().headers == {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "59",
        "X-RateLimit-Reset": "180",
    }
    assert limit.take().headers["X-RateLimit-Remaining"] == "58"


def test_requests_over_the_minute_s_limit_are_refused() -> None:
    """A request over the minute's limit is refused until the window ends."""
    clock = Clock(130.5)
    limit = RateLimit("standard", clock)
    allowed = [limit.take().retry_after for _ in range(60)]
    refused = limit.take()
    clock.now = 180

    assert set(allowed) == {None}
    assert refused.retry_after == 50
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert limit.take().retry_after is None


def test_requests_over_the_hour_s_limit_are_refused() -> None:
    """The hour's limit of a thousand is reached before sixty a minute are."""
    clock = Clock()
    limit = RateLimit("standard", clock)
    for number in range(1000):
        clock.now = number * 1.0
        limit.take()
    refused = limit.take()

    assert refused.retry_after == 3600 - 999
    assert refused.headers["X-RateLimit-Remaining"] != "0"


def test_the_unlimited_tier_has_no_headers() -> None:
    """Without a limit there are no headers."""
    allowance = RateLimit("unlimited", Clock()).take()

    assert allowance.headers == {}
    assert allowance.retry_after is None


@given(lists(floats(0, 30), max_size=300))
def test_no_minute_exceeds_its_limit(steps: list[float]) -> None:
    """No minute ever accepts more than sixty requests."""
    clock = Clock()
    limit = RateLimit("standard", clock)
    minutes: list[int] = []
    for step in steps:
        clock.now += step / 10
        if limit.take().retry_after is None:
            minutes.append(int(clock.now // 60))

    assert all(minutes.count(minute) <= 60 for minute in minutes)
