"""The logins that wait for bcrypt: a bounded queue, fair between client networks."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import chain
from typing import Final

from msgspec import Struct

TOTAL: Final = 64  # logins; far fewer than connections
PER_NETWORK: Final = 32  # logins of one client network


class TooManyLoginsError(Exception):
    """The login cannot be checked: too many others wait."""


class Login(Struct, frozen=True, eq=False):
    """A login that waits for `answer`; equal only to itself. `digest` is that of user, hash and password."""

    network: str
    digest: bytes
    password: bytes
    hashed: bytes
    answer: asyncio.Future[bool]

    def __repr__(self) -> str:
        return f"Login(network={self.network!r})"


class LoginQueue:
    """A round robin over client networks.

    A login that finds the queue full takes the place of the newest login of the network with the most, if
    its own network has at least two fewer.
    """

    def __init__(self, total: int = TOTAL, per_network: int = PER_NETWORK) -> None:
        self._total = total
        self._per_network = per_network
        self._networks: OrderedDict[str, deque[Login]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._networks.values()))

    def __iter__(self) -> Iterator[Login]:
        return chain.from_iterable(self._networks.values())

    def __repr__(self) -> str:
        return f"LoginQueue({len(self)} logins of {len(self._networks)} networks)"

    def add(self, login: Login) -> Login | None:
        """Add a login; return the one that loses its place to it, if any.

        :raises TooManyLoginsError: if the queue has no place for it.
        """
        displaced = self._displaced_by(login)
        if displaced:
            self.discard(displaced)
        self._networks.setdefault(login.network, deque()).append(login)
        return displaced

    def pop(self) -> Login | None:
        """Remove and return the next login; None if the queue is empty."""
        if not self._networks:
            return None
        network, logins = self._networks.popitem(last=False)
        login = logins.popleft()
        if logins:
            self._networks[network] = logins  # behind the other networks
        return login

    def discard(self, login: Login) -> None:
        """Remove a login if it is in the queue."""
        logins = self._networks.get(login.network, deque())
        if login in logins:
            logins.remove(login)
            if not logins:
                del self._networks[login.network]

    def _displaced_by(self, login: Login) -> Login | None:
        """Return the login that must leave for this one; None if there is a place."""
        own = len(self._networks.get(login.network, ()))
        if own >= self._per_network:
            raise TooManyLoginsError
        if len(self) < self._total:
            return None
        largest = max(self._networks.values(), key=len, default=deque[Login]())
        if len(largest) <= own + 1:
            raise TooManyLoginsError
        return largest[-1]
