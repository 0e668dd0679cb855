"""The order in which waiting connections end when there are too many."""

from collections import OrderedDict
from enum import Enum, auto
from typing import Final, Generic, TypeVar

C = TypeVar("C")

LOGIN_WAIT: Final = "login_wait"
"""Key in `scope["state"]`: a context manager in which the connection counts as `AUTHENTICATING`."""


class ConnectionClass(Enum):
    """What is known of a connection that waits."""

    NEW = auto()
    """It has had no successful response: it is silent, sends a request, or gets an error."""
    AUTHENTICATING = auto()
    """It has had no successful response, and its login waits for bcrypt."""
    PROVEN = auto()
    """It has had a successful response, and is idle or sends its next request."""
    READING = auto()
    """It has had a successful response, and its client reads one."""


class EvictionQueue(Generic[C]):
    """The connections that wait, each in its class in the order of their last progress.

    The largest class makes room. So connections without a successful response never take the place of
    Prometheus, neither between two scrapes nor while it reads one. And idle connections or slow readers,
    however many, never keep a new Prometheus out.
    """

    def __init__(self) -> None:
        self._classes: dict[ConnectionClass, OrderedDict[C, None]] = {
            each: OrderedDict() for each in ConnectionClass
        }

    def __len__(self) -> int:
        return sum(map(len, self._classes.values()))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(members)} {each.name}" for each, members in self._classes.items())
        return f"EvictionQueue({sizes})"

    def add(self, connection: C, connection_class: ConnectionClass) -> None:
        """Add a connection that begins to wait or has made progress: it is now the last of its class."""
        self.discard(connection)
        self._classes[connection_class][connection] = None

    def discard(self, connection: C) -> None:
        """Remove a connection if it is in the queue."""
        for members in self._classes.values():
            members.pop(connection, None)

    def next(self) -> C | None:
        """Return the connection that ends next: the first of the largest class. None if none waits.

        Of classes with the same size, the first in `ConnectionClass` counts.
        """
        largest = max(self._classes.values(), key=len)
        return next(iter(largest), None)
