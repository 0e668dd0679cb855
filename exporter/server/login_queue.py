"""The logins that wait for bcrypt: a bounded queue, fair between client networks and user names."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

TOTAL: Final = 64  # logins; far fewer than connections
PER_NETWORK: Final = 32  # logins of one client network


class TooManyLoginsError(Exception):
    """The login cannot be checked: too many others wait."""


class Login(Struct, frozen=True, eq=False):
    """A login that waits for `answer`; equal only to itself. `digest` is that of user, hash and password."""

    network: str
    user: bytes
    digest: bytes
    password: bytes
    hashed: bytes
    answer: asyncio.Future[bool]

    def __repr__(self) -> str:
        return f"Login(network={self.network!r})"


UserQueue = deque[Login]
NetworkQueue = OrderedDict[bytes, UserQueue]
"""The logins of one network, by user name."""


class LoginQueue:
    """A round robin over client networks, and within each network over user names.

    A login that finds the queue full takes the place of the newest login of the network, or of the user
    name, with the most logins, if its own has at least two fewer.
    """

    def __init__(self, total: int = TOTAL, per_network: int = PER_NETWORK) -> None:
        self._total = total
        self._per_network = per_network
        self._networks: OrderedDict[str, NetworkQueue] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(_count, self._networks.values()))

    def __iter__(self) -> Iterator[Login]:
        for users in self._networks.values():
            for queue in users.values():
                yield from queue

    def __repr__(self) -> str:
        return f"LoginQueue({len(self)} logins of {len(self._networks)} networks)"

    def add(self, login: Login) -> Login | None:
        """Add a login; return the one that loses its place to it, if any.

        :raises TooManyLoginsError: if the queue has no place for it.
        """
        displaced = self._displaced_by(login)
        if displaced:
            self.discard(displaced)
        users = self._networks.setdefault(login.network, OrderedDict())
        users.setdefault(login.user, deque()).append(login)
        return displaced

    def pop(self) -> Login | None:
        """Remove and return the next login; None if the queue is empty."""
        if not self._networks:
            return None
        network, users = self._networks.popitem(last=False)
        user, queue = users.popitem(last=False)
        login = queue.popleft()
        if queue:
            users[user] = queue
        if users:
            self._networks[network] = users
        return login

    def discard(self, login: Login) -> None:
        """Remove a login if it is in the queue."""
        users = self._networks.get(login.network, OrderedDict())
        queue = users.get(login.user, deque())
        if login not in queue:
            return
        queue.remove(login)
        if not queue:
            del users[login.user]
        if not users:
            del self._networks[login.network]

    def _displaced_by(self, login: Login) -> Login | None:
        """Return the login that must leave for this one; None if there is a place."""
        own = self._networks.get(login.network, OrderedDict())
        if _count(own) < self._per_network:
            if len(self) < self._total:
                return None
            largest = max(self._networks.values(), key=_count, default=own)
            if _count(largest) > _count(own) + 1:
                return max(largest.values(), key=len)[-1]
        longest = max(own.values(), key=len, default=UserQueue())
        if len(longest) > len(own.get(login.user, ())) + 1:
            return longest[-1]
        raise TooManyLoginsError


def _count(users: NetworkQueue) -> int:
    return sum(map(len, users.values()))
