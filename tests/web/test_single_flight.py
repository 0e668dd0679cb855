"""Renderings that are shared."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exporter.clock import Clock
from exporter.web.single_flight import LatestRendering, SingleFlight


class Key:
    """Equals "key", and says when it was looked up: what that finds, it then waits for."""

    def __init__(self) -> None:
        self.looked_up = threading.Event()

    def __hash__(self) -> int:
        self.looked_up.set()
        return hash("key")

    def __eq__(self, other: object) -> bool:
        return other == "key"


def test_who_asks_meanwhile_shares() -> None:
    """One rendering serves all, and nobody who asks for something else or later."""
    renders: SingleFlight[int] = SingleFlight()
    calls: list[str] = []
    entered, release = threading.Event(), threading.Event()

    def slow() -> int:
        calls.append("slow")
        entered.set()
        assert release.wait(10)
        return 1

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(renders.share, "key", slow)
        assert entered.wait(10)
        asked = [Key(), Key()]
        others = [pool.submit(renders.share, key, slow) for key in asked]
        another = renders.share("other key", lambda: 2)
        assert all(key.looked_up.wait(10) for key in asked)
        release.set()
        answers = [future.result() for future in (first, *others)]
    later = renders.share("key", lambda: 3)

    assert answers == [1, 1, 1]
    assert (another, later) == (2, 3)
    assert calls == ["slow"]


def test_a_bug_is_everybody_s() -> None:
    """It is raised to all who share, and then forgotten."""
    renders: SingleFlight[int] = SingleFlight()

    def bug() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        renders.share("key", bug)

    assert renders.share("key", lambda: 1) == 1


class Stepping(Clock):
    """A clock by which each rendering takes a second."""

    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        """Look at it."""
        return self.time


def test_the_latest_rendering_lasts_a_little() -> None:
    """It is shared for four times what it took, and then made again."""
    clock, calls = Stepping(), iter(range(10))

    def render() -> int:
        clock.time += 1
        return next(calls)

    async def ask() -> list[int]:
        latest = LatestRendering(render, clock)
        found = []
        for seconds in (0, 0, 3.9, 0.1, 4, 0):
            clock.time += seconds
            found.append(await latest.share())
        return found

    assert asyncio.run(ask()) == [0, 0, 0, 1, 2, 2]


def test_a_bug_in_the_latest_rendering_is_not_kept() -> None:
    """It is raised to all who share, and the next request renders."""
    clock, bugs = Stepping(), [ZeroDivisionError()]

    def render() -> int:
        if bugs:
            raise bugs.pop()
        return 1

    async def ask() -> list[object]:
        latest = LatestRendering(render, clock)
        first = await asyncio.gather(latest.share(), latest.share(), return_exceptions=True)
        return [*map(type, first), await latest.share()]

    assert asyncio.run(ask()) == [ZeroDivisionError, ZeroDivisionError, 1]
