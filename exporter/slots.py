"""How many requests of one kind may be in flight, and whether their clients still wait."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from exporter.refusals import CountRefusal, Refusal

T = TypeVar("T")


class TooManyRequestsError(Exception):
    """As many requests are in flight as allowed."""


class Slots:
    """A number of places for requests. Safe to use from many threads."""

    def __init__(self, most: int, refused: CountRefusal) -> None:
        self._most = most
        self._refused = refused
        self._lock = threading.Lock()
        self.in_flight = 0

    def take(self) -> None:
        """Take a place, or raise `TooManyRequestsError`."""
        with self._lock:
            if self.in_flight < self._most:
                self.in_flight += 1
                return
        self._refused(Refusal.TOO_MANY_REQUESTS)
        raise TooManyRequestsError

    def free(self) -> None:
        """Give a place back."""
        with self._lock:
            self.in_flight -= 1

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place for as long as the block lasts."""
        self.take()
        try:
            yield
        finally:
            self.free()


async def unless_gone(receive: Callable[[], Awaitable[Any]], work: asyncio.Future[T]) -> T | None:
    """Return the result of `work`; cancel it and return nothing where the client disconnects before."""
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        either: set[asyncio.Future[Any]] = {work, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else None
    finally:
        gone.cancel()
        work.cancel()


async def _disconnected(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
