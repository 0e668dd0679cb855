"""Basic authentication before every path."""

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.server.client_certificates import Refused, ignore
from exporter.server.disconnects import unless_gone
from exporter.server.login_queue import TooManyLoginsError
from exporter.server.passwords import PasswordVerifier
from exporter.server.watched import WatchedWebConfig

LOGIN: Final = "login"
CLIENT_GONE: Final = 499  # for the log: nobody is there to read it
WAITING: Final = "waiting"
"""`scope["state"]["login"]` is "waiting" while a request's login is not decided, and absent otherwise.

A connection whose request has it is a stranger's as far as anybody knows, and may be closed to make room.
"""


class BasicAuthMiddleware:
    """Asks for a user and a password where the web configuration names users, as it is at each request."""

    def __init__(
        self, app: ASGIApp, web: WatchedWebConfig, passwords: PasswordVerifier, refused: Refused = ignore
    ) -> None:
        self._app = app
        self._web = web
        self._passwords = passwords
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401 or 503."""
        app = self._app if self._enters_at_once(scope) else await self._refusal(scope, receive) or self._app
        await app(scope, receive, send)

    def _enters_at_once(self, scope: Scope) -> bool:
        """Say whether no users are configured, or a login that is remembered was given."""
        hashes = self._web.config.basic_auth_users.hashes
        given = Headers(scope=scope).getlist("authorization")
        return not hashes or (len(given) == 1 and self._passwords.remembers(hashes, given[0]))

    async def _refusal(self, scope: Scope, receive: Receive) -> ASGIApp | None:
        """Return the answer for a client that may not enter, None for one that may."""
        state = scope.setdefault("state", {})
        state[LOGIN] = WAITING
        try:
            is_known = await unless_gone(receive, asyncio.ensure_future(self._is_known(scope)))
            if is_known:
                return None
            if is_known is None:
                return Response(status_code=CLIENT_GONE)
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
            if len(given) != 1 or not await self._passwords.verify(users.hashes, given[0], client):
                return False
        return True
