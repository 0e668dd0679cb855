"""Basic authentication: one bcrypt at a time, in a thread of its own, and each good login only once."""

import asyncio
import base64
import binascii
import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

import bcrypt

from exporter.server.bcrypt_thread import BcryptThread
from exporter.server.login_queue import Login, LoginQueue, TooManyLoginsError
from exporter.server.networks import client_network

LONGEST: Final = 72  # bytes of a password that bcrypt looks at
CACHED: Final = 100  # good logins remembered
Hashes = Mapping[bytes, bytes]
Key = bytes


class PasswordVerifier:
    """Checks logins. Made for one event loop; nothing but digests is kept of those that were good."""

    def __init__(
        self, check: Callable[[bytes, bytes], bool] = bcrypt.checkpw, queue: LoginQueue | None = None
    ) -> None:
        self._check = check
        self._salt = os.urandom(32)
        self._good: OrderedDict[Key, None] = OrderedDict()
        self._waiting = LoginQueue() if queue is None else queue
        self._checked: Login | None = None
        self._thread = BcryptThread()
        self._is_closed = False

    @property
    def remembered(self) -> tuple[Key, ...]:
        """The digests of the good logins, the longest unused first."""
        return tuple(self._good)

    def remembers(self, hashes: Hashes, authorization: str) -> bool:
        """Say whether an `Authorization` header names a user of `hashes` by a remembered good login."""
        user, password = parse_basic(authorization) or (b"", b"")
        if user not in hashes:
            return False
        key = login_key(self._salt, user, hashes[user], password)
        if key in self._good:
            self._good.move_to_end(key)
        return key in self._good

    async def verify(self, hashes: Hashes, authorization: str, client: str = "") -> bool:
        """Say whether an `Authorization` header from the address `client` names a user and its password.

        A remembered login never waits. Raise `TooManyLoginsError` if there is no place for one that must.
        """
        parsed = parse_basic(authorization)
        if parsed is None or len(parsed[1]) > LONGEST or b"\0" in parsed[1]:  # bcrypt takes a\\0a for a
            return False
        if self.remembers(hashes, authorization):
            return True
        user, password = parsed
        hashed = hashes.get(user) or self._stand_in(hashes, user)
        key = login_key(self._salt, user, hashed, password)
        answer = asyncio.get_running_loop().create_future()
        login = Login(client_network(client), user, key, password, hashed, answer)
        if not (await self._matches(login) and user in hashes):
            return False
        self._remember(key)
        return True

    def close(self) -> None:
        """Refuse the logins that wait, and those that would."""
        self._is_closed = True
        for login in (*self._waiting, *([self._checked] if self._checked else [])):
            self._waiting.discard(login)
            _answer(login, TooManyLoginsError())

    def join(self) -> None:
        """Wait for the bcrypt under way; to be called when the event loop has ended."""
        self._thread.join()

    def _stand_in(self, hashes: Hashes, user: bytes) -> bytes:
        """Choose whose hash an unknown user's password is held against, to take the time of a known one."""
        known = sorted(hashes.values())
        return known[int.from_bytes(login_key(self._salt, user)[:8], "big") % len(known)]

    def _remember(self, key: Key) -> None:
        self._good[key] = None
        while len(self._good) > CACHED:
            self._good.popitem(last=False)

    async def _matches(self, login: Login) -> bool:
        """Wait for the login's turn and its bcrypt; a login whose client is gone gives up its place."""
        if self._is_closed:
            raise TooManyLoginsError
        if displaced := self._waiting.add(login):
            _answer(displaced, TooManyLoginsError())
        self._check_next()
        try:
            return await login.answer
        finally:
            self._waiting.discard(login)

    def _check_next(self) -> None:
        """Give the thread the next login, unless it has one."""
        while self._checked is None and (login := self._waiting.pop()):
            self._checked = login
            try:
                self._thread.submit(partial(self._run, login))
            except RuntimeError:  # no thread can be started: this login is refused, the next one tries
                self._checked = None
                _answer(login, TooManyLoginsError())

    def _run(self, login: Login) -> None:
        """Check a login, in the thread."""
        outcome: bool | BaseException
        try:
            outcome = self._check(login.password, login.hashed)
        except BaseException as error:  # noqa: BLE001 - the login's request fails, and the thread goes on
            outcome = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            login.answer.get_loop().call_soon_threadsafe(self._finish, login, outcome)

    def _finish(self, login: Login, outcome: bool | BaseException) -> None:  # noqa: FBT001 - bcrypt's answer
        """Answer a login, and the equal ones that wait."""
        self._checked = None
        for same in [login, *(other for other in self._waiting if other.key == login.key)]:
            self._waiting.discard(same)
            _answer(same, outcome)
        self._check_next()


def _answer(login: Login, outcome: bool | BaseException) -> None:  # noqa: FBT001 - bcrypt's answer
    if login.answer.done():  # its client has gone
        return
    if isinstance(outcome, BaseException):
        login.answer.set_exception(outcome)
    else:
        login.answer.set_result(outcome)


def login_key(salt: bytes, *parts: bytes) -> Key:
    """Digest the parts of a login; each stands behind its length, so that no two logins look the same."""
    text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hashlib.blake2b(text, key=salt, digest_size=32).digest()


def parse_basic(authorization: str) -> tuple[bytes, bytes] | None:
    """Split a header such as `Basic dXNlcjpwYXNz` into user and password."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None
