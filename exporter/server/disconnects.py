"""Work that is worth doing only while its client is connected."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")
CLIENT_GONE: Final = 499
"""The status of a response that nobody receives: only the access log shows it, as nginx's does."""


async def unless_gone(receive: Callable[[], Awaitable[Any]], work: asyncio.Future[T]) -> T | None:
    """Return the result of `work`; cancel it and return `None` if the client disconnects first."""
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
