"""The access log: one line a request at debug level, without queries and headers, which may hold secrets."""

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.clock import Clock


class AccessLogMiddleware:
    """Logs each request's client, method, path, status and duration."""

    def __init__(self, app: ASGIApp, clock: Clock | None = None) -> None:
        self._app = app
        self._clock = clock or Clock()

    def __repr__(self) -> str:
        return f"AccessLogMiddleware({self._app!r})"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log it when it ends."""
        began = self._clock.monotonic()
        status: int | None = None

        async def send_and_note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            structlog.get_logger().debug(
                "request",
                client=(scope["client"] or ("unknown",))[0],
                method=scope["method"],
                path=scope["path"],
                status=status,
                seconds=round(self._clock.monotonic() - began, 6),
            )
