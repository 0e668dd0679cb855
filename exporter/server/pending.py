"""The response bodies that clients have yet to read, limited in their total size."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from exporter.server.refusals import Refusal


class Endable(Protocol):
    """A connection."""

    def end(self, reason: Refusal) -> None:
        """Close it without sending the rest."""


C = TypeVar("C", bound=Endable)


class PendingBodies(Generic[C]):
    """Response bodies that are being sent. A body that several connections send counts once."""

    def __init__(self, limit: int) -> None:
        """Allow `limit` bytes in all; a single body may be larger."""
        self._limit = limit
        self._bodies: OrderedDict[C, bytes] = OrderedDict()

    def __repr__(self) -> str:
        return f"PendingBodies({self.total} of {self._limit} bytes, {len(self._bodies)} connections)"

    @property
    def total(self) -> int:
        """The bytes of all bodies."""
        return sum({id(body): len(body) for body in self._bodies.values()}.values())

    @contextmanager
    def sending(self, connection: C, body: bytes) -> Iterator[None]:
        """Count a body during the block. If that exceeds the limit, end the slowest connections."""
        self._bodies[connection] = body
        self._bodies.move_to_end(connection)
        while self.total > self._limit and len(self._bodies) > 1:
            slowest, _ = self._bodies.popitem(last=False)
            slowest.end(Refusal.UNREAD_RESPONSE)
        try:
            yield
        finally:
            self._bodies.pop(connection, None)

    def progress(self, connection: C) -> None:
        """Note that the client has read a part: the connection is now the last to be ended."""
        if connection in self._bodies:
            self._bodies.move_to_end(connection)
