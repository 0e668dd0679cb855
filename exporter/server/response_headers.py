"""Adds the configured headers to every response."""

from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HeaderPairs = Sequence[tuple[bytes, bytes]]
"""Lower-case names and values, as ASGI has them."""


class ResponseHeadersMiddleware:
    """Adds headers to each response that does not have them."""

    def __init__(self, app: ASGIApp, headers: Callable[[], HeaderPairs]) -> None:
        """Ask `headers` at each response: they may change."""
        self._app = app
        self._headers = headers

    def __repr__(self) -> str:
        return f"ResponseHeadersMiddleware({self._app!r})"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                added = [(name, value) for name, value in self._headers() if name not in own]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
