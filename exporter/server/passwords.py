"""Basic authentication: one bcrypt at a time, outside the event loop, and once for each valid login."""

import asyncio
import base64
import binascii
import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import bcrypt

from exporter.server.login_queue import Login, LoginQueue, TooManyLoginsError
from exporter.server.networks import client_network

LONGEST: Final = 72  # bytes of a password that bcrypt reads
CACHED: Final = 100  # valid logins
Hashes = Mapping[bytes, bytes]
"""Bcrypt hashes by user name."""


class LoginCache:
    """Digests of the valid logins that were used last. It holds no password and no hash."""

    def __init__(self, size: int = CACHED) -> None:
        self._size = size
        self._salt = os.urandom(32)
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._digests)

    def __repr__(self) -> str:
        return f"LoginCache({len(self)} of {self._size})"

    def digest(self, *parts: bytes) -> bytes:
        """Return the digest of a login's parts, under a salt of this process."""
        return login_digest(self._salt, *parts)

    def add(self, digest: bytes) -> None:
        """Add a valid login; drop the least recently used one if the cache is full."""
        self._digests[digest] = None
        while len(self) > self._size:
            self._digests.popitem(last=False)

    def use(self, digest: bytes) -> bool:
        """Return whether a login is cached, and count this as its use."""
        is_cached = digest in self._digests
        if is_cached:
            self._digests.move_to_end(digest)
        return is_cached


class PasswordVerifier:
    """Verifies logins for one event loop. A cached login never waits; others wait in a fair queue."""

    def __init__(
        self, check: Callable[[bytes, bytes], bool] = bcrypt.checkpw, queue: LoginQueue | None = None
    ) -> None:
        """Use `check(password, hash)` for one login of `queue` at a time."""
        self._check = check
        self._queue = LoginQueue() if queue is None else queue
        self._cache = LoginCache()
        self._thread = ThreadPoolExecutor(1, "passwords")
        self._worker: asyncio.Task[None] | None = None  # asyncio itself keeps weak references to tasks only
        self._checked: Login | None = None

    def __repr__(self) -> str:
        return f"PasswordVerifier({self._queue!r}, {self._cache!r})"

    def is_cached(self, hashes: Hashes, authorization: str) -> bool:
        """Return whether an `Authorization` header has a cached login of a user of `hashes`."""
        user, password = parse_basic(authorization) or (b"", b"")
        return user in hashes and self._cache.use(self._cache.digest(user, hashes[user], password))

    async def verify(self, hashes: Hashes, authorization: str, client: str = "") -> bool:
        """Return whether an `Authorization` header has the name and password of a user of `hashes`.

        :param client: the client's address.
        :raises TooManyLoginsError: if the queue has no place, or the verifier is closed.
        """
        parsed = parse_basic(authorization)
        if parsed is None or len(parsed[1]) > LONGEST or b"\0" in parsed[1]:  # to bcrypt, a\0a is a
            return False
        if self.is_cached(hashes, authorization):
            return True
        user, password = parsed
        hashed = hashes.get(user) or self._decoy(hashes, user)
        digest = self._cache.digest(user, hashed, password)
        answer = asyncio.get_running_loop().create_future()
        login = Login(client_network(client), digest, password, hashed, answer)
        if not (await self._matches(login) and user in hashes):
            return False
        self._cache.add(digest)
        return True

    def close(self) -> None:
        """Refuse the logins that wait, and new ones. The process still waits for a bcrypt that has begun."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        for login in (*self._queue, *([self._checked] if self._checked else [])):
            self._queue.discard(login)
            _answer(login, TooManyLoginsError())

    def _decoy(self, hashes: Hashes, user: bytes) -> bytes:
        """Choose a hash for an unknown user, so that its check takes as long as a known user's."""
        known = sorted(hashes.values())
        return known[int.from_bytes(self._cache.digest(user)[:8], "big") % len(known)]

    async def _matches(self, login: Login) -> bool:
        """Wait for the login's turn and its bcrypt. A cancelled login gives up its place."""
        if displaced := self._queue.add(login):
            _answer(displaced, TooManyLoginsError())
        if self._checked is None:
            self._checked = self._queue.pop()
            self._worker = asyncio.create_task(self._work())
        try:
            return await login.answer
        finally:
            self._queue.discard(login)

    async def _work(self) -> None:
        """Check the logins of the queue, one after the other; one bcrypt answers all equal logins."""
        while login := self._checked:
            outcome = await self._outcome(login)
            for same in [login, *(other for other in self._queue if other.digest == login.digest)]:
                self._queue.discard(same)
                _answer(same, outcome)
            self._checked = self._queue.pop()

    async def _outcome(self, login: Login) -> bool | Exception:
        loop = asyncio.get_running_loop()
        try:
            check = loop.run_in_executor(self._thread, self._check, login.password, login.hashed)
        except RuntimeError:  # the verifier is closed, or the system has no thread left
            return TooManyLoginsError()
        try:
            return await check
        except Exception as error:  # noqa: BLE001 - it is raised where the login waits
            return error


def _answer(login: Login, outcome: bool | Exception) -> None:  # noqa: FBT001 - bcrypt's answer
    with suppress(asyncio.InvalidStateError):  # its client has disconnected
        if isinstance(outcome, Exception):
            login.answer.set_exception(outcome)
        else:
            login.answer.set_result(outcome)


def login_digest(salt: bytes, *parts: bytes) -> bytes:
    """Digest the parts of a login, each after its length: different parts never form the same input."""
    text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hashlib.blake2b(text, key=salt, digest_size=32).digest()


def parse_basic(authorization: str) -> tuple[bytes, bytes] | None:
    """Split a header such as `Basic dXNlcjpwYXNz` into user and password; None if it has another form."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None
