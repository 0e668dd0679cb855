"""Who may come in: basic authentication before every path, and the configured headers on every answer."""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.passwords import Passwords, TooManyLoginsError
from exporter.web_file import WebFile


class Gate:
    """Asks for a user and a password where the web configuration names users, as it is at each request."""

    def __init__(self, app: ASGIApp, web: WebFile, passwords: Passwords) -> None:
        self._app = app
        self._web = web
        self._passwords = passwords

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 401."""
        pairs = self._web.config.http_server_config.headers.pairs

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [name for name, _ in message["headers"]]
                added = [(name, value) for name, value in pairs if name not in own]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        app = await self._refusal(scope) or self._app
        await app(scope, receive, send_with_headers)

    async def _refusal(self, scope: Scope) -> ASGIApp | None:
        hashes = self._web.config.basic_auth_users.hashes
        if not hashes:
            return None
        given = Headers(scope=scope).getlist("authorization")
        try:
            if len(given) == 1 and await self._passwords.let_in(hashes, given[0]):
                return None
        except TooManyLoginsError:
            return PlainTextResponse("too many logins at once\n", 503, {"retry-after": "1"})
        return PlainTextResponse(
            "a user and a password are needed\n",
            401,
            {"www-authenticate": 'Basic realm="bycloud-backup-exporter", charset="UTF-8"'},
        )
