"""A rendering that all clients share and that is repeated after a pause."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

from exporter.clock import Clock

T = TypeVar("T")
PAUSE_FACTOR: Final = 4  # the pause after a rendering, in multiples of its duration: a fifth of one processor


class ThrottledRendering(Generic[T]):
    """Renders in its own thread, one rendering at a time. Use it in one event loop only."""

    def __init__(self, render: Callable[[], T], clock: Clock) -> None:
        self._render = render
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "page")
        self._latest: asyncio.Future[T] | None = None
        self._fresh_until = 0.0

    def __repr__(self) -> str:
        return f"ThrottledRendering({self._latest})"

    def run(self) -> asyncio.Future[T]:
        """Return the rendering in progress, the last one if it is still fresh, or a new one.

        Cancelling the future does not cancel the rendering.
        """
        if self._latest is None or (self._latest.done() and self._clock.monotonic() >= self._fresh_until):
            self._latest = asyncio.wrap_future(self._thread.submit(self._timed))
        return asyncio.shield(self._latest)

    def _timed(self) -> T:
        began = self._clock.monotonic()
        try:
            return self._render()
        finally:
            now = self._clock.monotonic()
            self._fresh_until = now + PAUSE_FACTOR * (now - began)
