"""The endpoints below `/-/`: health, readiness and reload."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from exporter.errors import ConfigError


class LifecycleEndpoints:
    """Serves health and readiness, and reloads the configuration.

    :param reload: reloads, or raises `ConfigError`; `None`: reloading over HTTP is disabled.
    """

    def __init__(self, reload: Callable[[], None] | None) -> None:
        self._reload = reload
        self._one_at_a_time = asyncio.Lock()

    def __repr__(self) -> str:
        return f"LifecycleEndpoints({self._reload})"

    async def healthy(self, _: Request) -> Response:
        """Respond as long as the exporter runs."""
        return PlainTextResponse("OK\n")

    async def reload(self, _: Request) -> Response:
        """Reload the configuration."""
        if self._reload is None:
            raise HTTPException(403, "reload over HTTP is disabled: see --web.enable-lifecycle")
        try:
            async with self._one_at_a_time:
                await _in_thread(self._reload)
        except ConfigError as error:
            raise HTTPException(
                500, f"cannot reload, the old configuration stays in force: {error}"
            ) from None
        return PlainTextResponse("OK\n")


async def _in_thread(work: Callable[[], None]) -> None:
    """Call `work` in a thread that ends with the process. The interpreter waits for those of a pool."""
    ended: Future[None] = Future()
    ended.set_running_or_notify_cancel()  # so that it cannot be cancelled

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            ended.set_exception(error)
        else:
            ended.set_result(None)

    Thread(target=run, name="reload", daemon=True).start()
    await asyncio.wrap_future(ended)
