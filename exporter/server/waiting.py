"""The order in which connections and responses end where there is no room for all of them."""

from collections import OrderedDict
from enum import Enum, auto
from typing import Generic, TypeVar

T = TypeVar("T")


class Crowd(Enum):
    """The kinds of connections that wait for their clients; of equally large ones, the first makes room."""

    STRANGERS = auto()
    """No response yet was good."""
    KNOWN = auto()
    """At least one response was good."""
    READERS = auto()
    """A response is being read."""


class WaitingConnections(Generic[T]):
    """The connections that wait for their clients, each since it was last seen to make progress.

    The largest crowd makes room: so a scrape that is being read and an idle Prometheus keep their places
    however many strangers there are, and no number of idle or unread connections keeps a new Prometheus out.
    """

    def __init__(self) -> None:
        self._crowds: dict[Crowd, OrderedDict[T, None]] = {crowd: OrderedDict() for crowd in Crowd}

    def add(self, connection: T, crowd: Crowd) -> None:
        """Note that a connection begins to wait, or makes progress: it goes last."""
        self.remove(connection)
        self._crowds[crowd][connection] = None

    def remove(self, connection: T) -> None:
        """Note that a connection waits no more."""
        for crowd in self._crowds.values():
            crowd.pop(connection, None)

    def longest_silent(self) -> T | None:
        """Return the connection that is to make room for another one."""
        largest = max(Crowd, key=lambda crowd: len(self._crowds[crowd]))
        return next(iter(self._crowds[largest]), None)


class UnreadResponses(Generic[T]):
    """The bodies that are being sent, limited in their total bytes: one that is sent to many counts once."""

    def __init__(self, most: int) -> None:
        """Allow `most` bytes; a single body may be larger."""
        self._most = most
        self._bodies: OrderedDict[T, bytes] = OrderedDict()

    @property
    def total(self) -> int:
        """The bytes of all bodies."""
        return sum({id(body): len(body) for body in self._bodies.values()}.values())

    def add(self, connection: T, body: bytes) -> list[T]:
        """Note that a connection begins to send; return those, silent for longest, that must end for it."""
        self._bodies.pop(connection, None)
        self._bodies[connection] = body
        ended: list[T] = []
        while self.total > self._most and len(self._bodies) > 1:
            silent, _ = self._bodies.popitem(last=False)
            ended.append(silent)
        return ended

    def progress(self, connection: T) -> None:
        """Note that a client reads."""
        if connection in self._bodies:
            self._bodies.move_to_end(connection)

    def remove(self, connection: T) -> None:
        """Note that a body has been sent, or its connection has ended."""
        self._bodies.pop(connection, None)
