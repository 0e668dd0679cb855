"""The logins that wait for their bcrypt: a bounded queue, fair between client addresses."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

TOTAL: Final = 64  # logins that wait, in all: far fewer than there are connections
PER_NETWORK: Final = 32  # logins of one client network that wait


class TooManyLoginsError(Exception):
    """More logins wait than will be answered in time."""


class Login(Struct, frozen=True, eq=False):
    """A login that waits; equal only to itself. Its `key` is the digest of user, hash and password."""

    network: str
    user: bytes
    key: bytes
    password: bytes
    hashed: bytes
    answer: asyncio.Future[bool]

    def __repr__(self) -> str:
        return f"Login(network={self.network!r})"


Line = deque[Login]
Lines = OrderedDict[bytes, Line]
"""The logins of one network, by user name."""


class LoginQueue:
    """Serves one login of each client network in turn, and within a network one of each user name in turn.

    A login that finds the queue full takes the place of the newest one of the network, or of the user name,
    that has the most, if it has at least two fewer itself.
    """

    def __init__(self, total: int = TOTAL, per_network: int = PER_NETWORK) -> None:
        self._total = total
        self._per_network = per_network
        self._networks: OrderedDict[str, Lines] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(_count, self._networks.values()))

    def __iter__(self) -> Iterator[Login]:
        for lines in self._networks.values():
            for line in lines.values():
                yield from line

    def __repr__(self) -> str:
        return f"LoginQueue({len(self)} logins of {len(self._networks)} networks)"

    def add(self, login: Login) -> Login | None:
        """Let a login wait; return the one that loses its place to it. Raise `TooManyLoginsError`."""
        displaced = self._displaced_by(login)
        if displaced:
            self.discard(displaced)
        lines = self._networks.setdefault(login.network, OrderedDict())
        lines.setdefault(login.user, deque()).append(login)
        return displaced

    def pop(self) -> Login | None:
        """Remove the login whose turn it is; None if none waits."""
        if not self._networks:
            return None
        network, lines = self._networks.popitem(last=False)
        user, line = lines.popitem(last=False)
        login = line.popleft()
        if line:
            lines[user] = line
        if lines:
            self._networks[network] = lines
        return login

    def discard(self, login: Login) -> None:
        """Remove a login, if it still waits."""
        lines = self._networks.get(login.network, OrderedDict())
        line = lines.get(login.user, deque())
        if login not in line:
            return
        line.remove(login)
        if not line:
            del lines[login.user]
        if not lines:
            del self._networks[login.network]

    def _displaced_by(self, login: Login) -> Login | None:
        """Return the login that must leave for this one, or None if there is room; raise if there is none."""
        own = self._networks.get(login.network, OrderedDict())
        if _count(own) < self._per_network:
            if len(self) < self._total:
                return None
            largest = max(self._networks.values(), key=_count, default=own)
            if _count(largest) > _count(own) + 1:
                return max(largest.values(), key=len)[-1]
        longest = max(own.values(), key=len, default=Line())
        if len(longest) > len(own.get(login.user, ())) + 1:
            return longest[-1]
        raise TooManyLoginsError


def _count(lines: Lines) -> int:
    return sum(map(len, lines.values()))
