"""Basic authentication: one bcrypt at a time, outside the event loop, and once for each valid login."""

import asyncio
import base64
import binascii
import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import bcrypt

from exporter.fair_queue import QueueFullError
from exporter.fair_slots import FairSlots
from exporter.server.networks import client_network

LONGEST: Final = 72  # bytes of a password that bcrypt reads
CACHED: Final = 100  # valid logins
TOTAL: Final = 64  # logins that wait; far fewer than connections
PER_NETWORK: Final = 32  # logins of one client network that wait
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


class TooManyLoginsError(Exception):
    """The login cannot be checked: too many others wait, or the verifier is closed."""


def login_turns() -> FairSlots:
    """Return the turns of logins for bcrypt: one at a time, with a bounded number that waits."""
    return FairSlots(1, max_waiting=TOTAL, max_waiting_per_client=PER_NETWORK)


class PasswordVerifier:
    """Verifies logins for one event loop. A cached login never waits; others take turns.

    :param check: returns whether a password has a hash.
    :param turns: of the logins that are not cached; one slot is one processor busy with bcrypt.
    """

    def __init__(
        self, check: Callable[[bytes, bytes], bool] = bcrypt.checkpw, turns: FairSlots | None = None
    ) -> None:
        self._check = check
        self._turns = turns or login_turns()
        self._cache = LoginCache()
        self._thread = ThreadPoolExecutor(1, "passwords")
        self._answers: set[asyncio.Future[bool]] = set()

    def __repr__(self) -> str:
        return f"PasswordVerifier({self._turns!r}, {self._cache!r})"

    def is_cached(self, hashes: Hashes, authorization: str) -> bool:
        """Return whether an `Authorization` header has a cached login of a user of `hashes`."""
        user, password = parse_basic(authorization) or (b"", b"")
        return user in hashes and self._cache.use(self._cache.digest(user, hashes[user], password))

    async def verify(self, hashes: Hashes, authorization: str, client: str = "") -> bool:
        """Return whether an `Authorization` header has the name and password of a user of `hashes`.

        :param client: the client's address.
        :raises TooManyLoginsError: if too many logins wait, or the verifier is closed.
        """
        parsed = parse_basic(authorization)
        if parsed is None or len(parsed[1]) > LONGEST or b"\0" in parsed[1]:  # to bcrypt, a\0a is a
            return False
        if self.is_cached(hashes, authorization):
            return True
        user, password = parsed
        hashed = hashes.get(user) or self._decoy(hashes, user)
        digest = self._cache.digest(user, hashed, password)
        try:
            await self._turns.acquire(client_network(client))
        except QueueFullError:
            raise TooManyLoginsError from None
        return await self._matches(digest, password, hashed) and user in hashes

    def close(self) -> None:
        """Refuse the logins that wait, and new ones. The process still waits for a bcrypt that has begun."""
        self._turns.close()
        self._thread.shutdown(wait=False, cancel_futures=True)
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(TooManyLoginsError())

    def _decoy(self, hashes: Hashes, user: bytes) -> bytes:
        """Choose a hash for an unknown user, so that its check takes as long as a known user's."""
        known = sorted(hashes.values())
        return known[int.from_bytes(self._cache.digest(user)[:8], "big") % len(known)]

    async def _matches(self, digest: bytes, password: bytes, hashed: bytes) -> bool:
        """Check a login that has its turn, unless an equal one was valid meanwhile.

        The turn ends with the check, also if the client is gone by then.
        """
        if self._cache.use(digest):
            self._turns.release()
            return True
        loop = asyncio.get_running_loop()
        try:
            check = loop.run_in_executor(self._thread, self._check, password, hashed)
        except RuntimeError:  # the verifier is closed, or the system has no thread left
            self._turns.release()
            raise TooManyLoginsError from None
        answer: asyncio.Future[bool] = loop.create_future()
        self._answers.add(answer)
        check.add_done_callback(partial(self._end_check, digest, answer))
        return await answer

    def _end_check(self, digest: bytes, answer: asyncio.Future[bool], check: asyncio.Future[bool]) -> None:
        """Cache a valid login before the next one has its turn: it may be an equal one."""
        self._answers.discard(answer)
        error = TooManyLoginsError() if check.cancelled() else check.exception()
        if error is None and check.result():
            self._cache.add(digest)
        self._turns.release()
        if answer.done():  # the client is gone, or the verifier is closed
            return
        if error is None:
            answer.set_result(check.result())
        else:
            answer.set_exception(error)


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
