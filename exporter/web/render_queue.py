"""A queue of renderings, which run one at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from exporter.clock import Clock
from exporter.fair_slots import FairSlots

T = TypeVar("T")


class RenderQueue(Generic[T]):
    """Renders one response at a time: Python runs two renderings no faster at once than in turn.

    Clients take turns. A client that has left by its turn costs nothing. Clients that wait at the same time
    for the same response share one rendering. Use it in one event loop only.

    :param pause_factor: the pause after a rendering, in multiples of its duration: 4 leaves four fifths of a
        processor to others.
    :param sleep: waits for some seconds.
    """

    def __init__(
        self,
        pause_factor: float = 0.0,
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._turns = FairSlots(1)
        self._thread = ThreadPoolExecutor(1, "render")
        self._pause_factor = pause_factor
        self._clock = clock or Clock()
        self._sleep = sleep
        self._paused_until = 0.0
        self._rendered = 0
        self._latest: tuple[Hashable, T] | None = None

    def __repr__(self) -> str:
        return f"RenderQueue({self._rendered} rendered, {self._turns.waiting} waiting)"

    async def run(
        self, key: Hashable, render: Callable[[], T], client: str, is_abandoned: Callable[[], bool]
    ) -> T | None:
        """Return what `render` returns; `None` if the client left before its turn.

        :param key: equal for renderings that clients may share.
        :param client: what tells clients apart, such as a network.
        :param is_abandoned: returns whether the client has left.
        """
        rendered_before = self._rendered
        async with self._turns.slot(client):
            try:
                if is_abandoned():
                    return None
                if self._latest and self._latest[0] == key and self._rendered > rendered_before:
                    return self._latest[1]
                await self._pause()
                if is_abandoned():
                    return None
                rendered = await asyncio.get_running_loop().run_in_executor(self._thread, self._timed, render)
                self._latest = key, rendered
                self._rendered += 1
                return rendered
            finally:
                if not self._turns.waiting:
                    self._latest = None

    async def _pause(self) -> None:
        seconds = self._paused_until - self._clock.monotonic()
        if seconds > 0:
            await self._sleep(seconds)

    def _timed(self, render: Callable[[], T]) -> T:
        began = self._clock.monotonic()
        try:
            return render()
        finally:
            now = self._clock.monotonic()
            self._paused_until = now + self._pause_factor * (now - began)
