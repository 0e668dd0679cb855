"""Basic authentication in front of every path."""

import asyncio
from contextlib import nullcontext
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.server.disconnects import CLIENT_GONE, unless_gone
from exporter.server.eviction import LOGIN_WAIT
from exporter.server.passwords import PasswordVerifier, TooManyLoginsError
from exporter.server.refusals import CountRefusal, Refusal, ignore_refusal
from exporter.server.watched import WatchedWebConfig

TOO_MANY_LOGINS: Final = PlainTextResponse(
    "too many logins at once\n", 503, {"retry-after": "1", "connection": "close"}
)
UNAUTHORIZED: Final = PlainTextResponse(
    "unauthorized\n", 401, {"www-authenticate": 'Basic realm="bycloud-backup-exporter", charset="UTF-8"'}
)


class BasicAuthMiddleware:
    """Requires a user and password if the web configuration has users at the time of the request."""

    def __init__(
        self,
        app: ASGIApp,
        web: WatchedWebConfig,
        passwords: PasswordVerifier,
        refused: CountRefusal = ignore_refusal,
    ) -> None:
        self._app = app
        self._web = web
        self._passwords = passwords
        self._refused = refused

    def __repr__(self) -> str:
        return f"BasicAuthMiddleware({self._app!r}, {self._passwords!r})"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or respond with 401 or 503."""
        refusal = None if self._needs_no_check(scope) else await self._refusal(scope, receive)
        await (refusal or self._app)(scope, receive, send)

    def _needs_no_check(self, scope: Scope) -> bool:
        """Return whether no users are configured, or the login is cached."""
        hashes = self._web.config.basic_auth_users.hashes
        given = Headers(scope=scope).getlist("authorization")
        return not hashes or (len(given) == 1 and self._passwords.is_cached(hashes, given[0]))

    async def _refusal(self, scope: Scope, receive: Receive) -> ASGIApp | None:
        """Return the response to a client without a valid login; None for a valid one."""
        login_wait = scope.get("state", {}).get(LOGIN_WAIT, nullcontext)
        try:
            with login_wait():
                is_valid = await unless_gone(receive, asyncio.ensure_future(self.verify(scope)))
        except TooManyLoginsError:
            self._refused(Refusal.LOGIN_QUEUE_FULL)
            return TOO_MANY_LOGINS
        if is_valid is None:
            return Response(status_code=CLIENT_GONE)
        if is_valid:
            return None
        self._refused(Refusal.UNAUTHORIZED)
        return UNAUTHORIZED

    async def verify(self, scope: Scope) -> bool:
        """Return whether a request's login is valid for the users in force, also if they change meanwhile.

        :raises TooManyLoginsError: if the login cannot be checked.
        """
        given = Headers(scope=scope).getlist("authorization")
        client = (scope.get("client") or ("",))[0]
        users = None
        # Again if the users were replaced while bcrypt ran.
        while users is not self._web.config.basic_auth_users:
            users = self._web.config.basic_auth_users
            if not users.hashes:
                continue
            if len(given) != 1 or not await self._passwords.verify(users.hashes, given[0], client):
                return False
        return True
