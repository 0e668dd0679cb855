"""The configured headers, on every response of whichever part of the server."""

from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ResponseHeaders:
    """Adds headers to each response that does not have them."""

    def __init__(self, app: ASGIApp, headers: Callable[[], Sequence[tuple[bytes, bytes]]]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the headers are those of the moment."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                added = [(name, value) for name, value in self._headers() if name not in own]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
