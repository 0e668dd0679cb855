"""Tests of `exporter.web.render_queue`."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from exporter.clock import Clock
from exporter.web.render_queue import RenderQueue
from tests.support.serving import PATIENCE


class Renderings:
    """Renderings that record their start; the first one ends when a test says so."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.release = threading.Event()

    def __call__(self, name: str) -> Callable[[], str]:
        """Return a rendering with this name."""

        def render() -> str:
            self.started.append(name)
            assert self.release.wait(PATIENCE)
            return name

        return render


def _here() -> bool:
    return False


async def _wait_for(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the queue has no event for it
            await asyncio.sleep(0.001)


def test_one_rendering_runs_at_a_time() -> None:
    """Clients take turns, however many renderings one of them waits for."""
    renderings = Renderings()

    async def run() -> int:
        queue: RenderQueue[str] = RenderQueue()
        jobs = [
            asyncio.create_task(queue.run(name, renderings(name), client, _here))
            for name, client in (("a1", "a"), ("a2", "a"), ("a3", "a"), ("a4", "a"), ("b1", "b"))
        ]
        await _wait_for(lambda: "4 waiting" in repr(queue) and bool(renderings.started))
        running = len(renderings.started)
        renderings.release.set()
        await asyncio.gather(*jobs)
        return running

    assert asyncio.run(run()) == 1
    assert renderings.started == ["a1", "a2", "b1", "a3", "a4"]


def test_a_client_that_disconnects_before_its_turn_costs_nothing() -> None:
    """Its rendering never starts; the next client's does."""
    renderings = Renderings()

    async def run() -> list[str | None]:
        queue: RenderQueue[str] = RenderQueue()
        left = threading.Event()
        jobs = [
            asyncio.create_task(queue.run("first", renderings("first"), "a", _here)),
            asyncio.create_task(queue.run("left", renderings("left"), "a", left.is_set)),
            asyncio.create_task(queue.run("last", renderings("last"), "a", _here)),
        ]
        await _wait_for(lambda: "2 waiting" in repr(queue))
        left.set()
        renderings.release.set()
        return list(await asyncio.gather(*jobs))

    assert asyncio.run(run()) == ["first", None, "last"]
    assert renderings.started == ["first", "last"]


def test_clients_that_wait_for_the_same_exposition_share_it() -> None:
    """A later client gets a new one."""
    renderings = Renderings()

    async def run() -> None:
        queue: RenderQueue[str] = RenderQueue()
        jobs = [
            asyncio.create_task(queue.run(key, renderings(f"{key}{number}"), "a", _here))
            for number, key in enumerate(("x", "x", "x", "y", "y"))
        ]
        await _wait_for(lambda: "4 waiting" in repr(queue))
        renderings.release.set()
        shared = await asyncio.gather(*jobs)
        later = await queue.run("y", renderings("later"), "a", _here)

        assert shared == ["x0", "x0", "x0", "y3", "y3"]
        assert later == "later"

    asyncio.run(run())

    assert renderings.started == ["x0", "y3", "later"]


def test_a_rendering_that_fails_is_not_shared() -> None:
    """Its client gets the exception; the next client renders again."""
    errors = [ZeroDivisionError()]

    def render() -> int:
        if errors:
            raise errors.pop()
        return 1

    async def run() -> None:
        queue: RenderQueue[int] = RenderQueue()
        first, second = (asyncio.create_task(queue.run("key", render, "a", _here)) for _ in range(2))
        with pytest.raises(ZeroDivisionError):
            await first

        assert await second == 1

    asyncio.run(run())


class SteppedClock(Clock):
    """A clock that a rendering moves forward, and that sleeping moves too."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Return the time."""
        return self.time

    async def pause(self, seconds: float) -> None:
        """Sleep without waiting."""
        self.slept.append(seconds)
        self.time += seconds

    def render(self) -> str:
        """Take two seconds."""
        self.time += 2
        return "a page"


def test_a_pause_follows_each_rendering() -> None:
    """The next one waits for a multiple of what the last one took; time that has passed counts."""
    clock = SteppedClock()

    async def run() -> None:
        queue: RenderQueue[str] = RenderQueue(4, clock, clock.pause)
        for _ in range(3):
            await queue.run("key", clock.render, "a", _here)
        clock.time += 5
        await queue.run("key", clock.render, "a", _here)

    asyncio.run(run())

    assert clock.slept == [8.0, 8.0, 3.0]


def test_a_client_that_leaves_during_the_pause_costs_nothing() -> None:
    """Its rendering does not start."""
    clock, left = SteppedClock(), threading.Event()

    async def pause(seconds: float) -> None:
        left.set()
        await clock.pause(seconds)

    async def run() -> list[str | None]:
        queue: RenderQueue[str] = RenderQueue(4, clock, pause)
        return [await queue.run("key", clock.render, "a", left.is_set) for _ in range(2)]

    assert asyncio.run(run()) == ["a page", None]
    assert clock.time == 1010.0
