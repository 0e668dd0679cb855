"""The endpoints below `/-/`: health, readiness and reload."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
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
            await run_in_threadpool(self._reload)
        except ConfigError as error:
            raise HTTPException(
                500, f"cannot reload, the old configuration stays in force: {error}"
            ) from None
        return PlainTextResponse("OK\n")
