"""Basic authentication: one bcrypt at a time, in a thread of its own, and each good login only once."""

import asyncio
import base64
import binascii
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

import bcrypt

LONGEST: Final = 72  # bytes of a password that bcrypt looks at
CACHED: Final = 100  # good logins remembered
WAITING: Final = 512  # different logins that may wait for their bcrypt
Hashes = Mapping[bytes, bytes]
Key = bytes


class TooManyLoginsError(Exception):
    """More different logins wait than will be answered in time."""


class Passwords:
    """Checks logins. Made for one event loop; nothing but digests is kept of those that were good."""

    def __init__(self, check: Callable[[bytes, bytes], bool] = bcrypt.checkpw) -> None:
        self._check = check
        self._salt = os.urandom(32)
        self._good: OrderedDict[Key, None] = OrderedDict()
        self._under_way: dict[Key, asyncio.Future[bool]] = {}
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def remembered(self) -> tuple[Key, ...]:
        """The digests of the good logins, the longest unused first."""
        return tuple(self._good)

    async def let_in(self, hashes: Hashes, authorization: str) -> bool:
        """Say whether an `Authorization` header names a user and its password; raise `TooManyLoginsError`."""
        login = parse_basic(authorization)
        if login is None or len(login[1]) > LONGEST or b"\0" in login[1]:  # bcrypt takes a\\0a for a
            return False
        user, password = login
        hashed = hashes.get(user) or self._stand_in(hashes, user)
        key = login_key(self._salt, user, hashed, password)
        if key in self._good:
            self._good.move_to_end(key)
            return True
        if not (await self._matches(key, password, hashed) and user in hashes):
            return False
        self._remember(key)
        return True

    def _stand_in(self, hashes: Hashes, user: bytes) -> bytes:
        """Choose whose hash an unknown user's password is held against, to take the time of a known one."""
        known = sorted(hashes.values())
        return known[int.from_bytes(login_key(self._salt, user)[:8], "big") % len(known)]

    def _remember(self, key: Key) -> None:
        self._good[key] = None
        while len(self._good) > CACHED:
            self._good.popitem(last=False)

    async def _matches(self, key: Key, password: bytes, hashed: bytes) -> bool:
        """Let the thread check; equal logins that come meanwhile wait for the same answer."""
        if key not in self._under_way:
            if len(self._under_way) >= WAITING:
                raise TooManyLoginsError
            self._under_way[key] = self._begin(password, hashed)
            self._under_way[key].add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(self._under_way[key])

    def _begin(self, password: bytes, hashed: bytes) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()

        def check() -> None:
            matches = self._check(password, hashed)
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(answer.set_result, matches)

        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="passwords", daemon=True)
            self._thread.start()
        self._queue.put(check)
        return answer

    def _run(self) -> None:
        """Work until the process ends; a daemon, so that no queue of logins holds up its end."""
        while True:
            self._queue.get()()


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
