"""Tests of `exporter.web.throttled`."""

import asyncio

from exporter.clock import Clock
from exporter.web.throttled import ThrottledRendering


class SettableClock(Clock):
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        """Return the time that the test has set."""
        return self.time


def test_a_rendering_is_reused_for_four_times_its_duration() -> None:
    """Then it is repeated: here each rendering takes a second."""
    clock, calls = SettableClock(), iter(range(10))

    def render() -> int:
        clock.time += 1
        return next(calls)

    async def run() -> list[int]:
        rendering = ThrottledRendering(render, clock)
        renderings = []
        for seconds in (0, 0, 3.9, 0.1, 4, 0):
            clock.time += seconds
            renderings.append(await rendering.run())
        return renderings

    assert asyncio.run(run()) == [0, 0, 0, 1, 2, 2]


def test_a_rendering_that_fails_is_not_reused() -> None:
    """All clients that wait get the exception, and the next request renders."""
    clock, errors = SettableClock(), [ZeroDivisionError()]

    def render() -> int:
        if errors:
            raise errors.pop()
        return 1

    async def run() -> list[object]:
        rendering = ThrottledRendering(render, clock)
        first = await asyncio.gather(rendering.run(), rendering.run(), return_exceptions=True)
        return [*map(type, first), await rendering.run()]

    assert asyncio.run(run()) == [ZeroDivisionError, ZeroDivisionError, 1]
