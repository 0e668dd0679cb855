"""Basic authentication before every path."""

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.client_certificates import Refused, ignore
from exporter.login_queue import TooManyLoginsError
from exporter.passwords import Passwords
from exporter.web_file import WebFile

LOGIN: Final = "login"
WAITING: Final = "waiting"
"""`scope["state"]["login"]` is "waiting" while a request's login is not decided, and absent otherwise.

A connection whose request has it is a stranger's as far as anybody knows, and may be closed to make room.
"""


class Gate:
    """Asks for a user and a password where the web configuration names users, as it is at each request."""

    def __init__(self, app: ASGIApp, web: WebFile, passwords: Passwords, refused: Refused = ignore) -> None:
        self._app = app
        self._web = web
        self._passwords = passwords
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401 or 503."""
        app = await self._refusal(scope) or self._app
        await app(scope, receive, send)

    async def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Return the answer for a client that may not enter, None for one that may."""
        state = scope.setdefault("state", {})
        state[LOGIN] = WAITING
        try:
            if await self._is_known(scope):
                return None
        except TooManyLoginsError:
            self._refused("login_queue_full")
            return PlainTextResponse(
                "too many logins at once\n", 503, {"retry-after": "1", "connection": "close"}
            )
        finally:
            del state[LOGIN]
        self._refused("unauthorized")
        return PlainTextResponse(
            "unauthorized\n",
            401,
            {"www-authenticate": 'Basic realm="bycloud-backup-exporter", charset="UTF-8"'},
        )

    async def _is_known(self, scope: Scope) -> bool:
        """Check a login against the users in force, and again if they change while it waits."""
        given = Headers(scope=scope).getlist("authorization")
        client = (scope.get("client") or ("",))[0]
        users = None
        while users is not self._web.config.basic_auth_users:
            users = self._web.config.basic_auth_users
            if not users.hashes:
                continue
            if len(given) != 1 or not await self._passwords.let_in(users.hashes, given[0], client):
                return False
        return True
