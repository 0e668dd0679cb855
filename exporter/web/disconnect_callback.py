"""Notices clients that disconnect before their response is ready."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from starlette.responses import Response
from starlette.types import Receive

CLIENT_GONE: Final = 499  # a status for the access log only


@asynccontextmanager
async def on_disconnect(receive: Receive, callback: Callable[[], object]) -> AsyncIterator[None]:
    """Call `callback` if the client disconnects before the block ends."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        callback()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


def client_gone() -> Response:
    """Return the response to a client that does not receive it."""
    return Response(status_code=CLIENT_GONE)
