"""One rendering for all who ask for the same thing at once: sixty scrapers cost what one does."""

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Generic, TypeVar

from exporter.clock import Clock

T = TypeVar("T")
PART: Final = 4  # a rendering lasts so many times what it took: at most a fifth of one processor goes into it


class SingleFlight(Generic[T]):
    """What is being rendered, by what it is made from. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[T]] = {}

    def share(self, key: Hashable, render: Callable[[], T]) -> T:
        """Return what `render` does, or what another thread's call with an equal key is about to return."""
        with self._lock:
            future = self._under_way.get(key)
            if future is None:
                mine = self._under_way[key] = Future()
        if future is not None:
            return future.result()
        try:
            mine.set_result(render())
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._under_way[key]
        return mine.result()


class LatestRendering(Generic[T]):
    """A rendering that everybody shares: one at a time, in a thread of its own. Made for one event loop."""

    def __init__(self, render: Callable[[], T], clock: Clock) -> None:
        self._render = render
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "page")
        self._latest: asyncio.Future[T] | None = None
        self._lasts_until = 0.0

    def share(self) -> asyncio.Future[T]:
        """Return the rendering under way, the one just made, or a new one; cancelling it ends none."""
        if self._latest is None or (self._latest.done() and self._clock.monotonic() >= self._lasts_until):
            self._latest = asyncio.wrap_future(self._thread.submit(self._timed))
        return asyncio.shield(self._latest)

    def _timed(self) -> T:
        began = self._clock.monotonic()
        try:
            return self._render()
        finally:
            now = self._clock.monotonic()
            self._lasts_until = now + PART * (now - began)
