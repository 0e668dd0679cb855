"""A bounded queue that is fair between clients."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import chain
from math import inf
from typing import Generic, TypeVar

Item = TypeVar("Item")


class QueueFullError(Exception):
    """The queue is full, or the item has lost its place to another one."""


class FairQueue(Generic[Item]):
    """A round robin over clients. Within a client, items keep their order of arrival.

    An item that finds the queue full takes the place of the newest item of the client with the most, if its
    own client has at least two fewer.

    :param total: the number of items.
    :param per_client: the number of items of one client.
    """

    def __init__(self, total: float = inf, per_client: float = inf) -> None:
        self._total = total
        self._per_client = per_client
        self._clients: OrderedDict[str, deque[Item]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._clients.values()))

    def __iter__(self) -> Iterator[Item]:
        return chain.from_iterable(self._clients.values())

    def __repr__(self) -> str:
        return f"FairQueue({len(self)} of {len(self._clients)} clients)"

    def add(self, client: str, item: Item) -> Item | None:
        """Add an item; return the one that loses its place to it, if any.

        :param client: what tells clients apart, such as a network.
        :raises QueueFullError: if the queue has no place for it.
        """
        largest = self._largest_if_full(client)
        displaced = self._clients[largest].pop() if largest is not None else None
        self._clients.setdefault(client, deque()).append(item)
        return displaced

    def pop(self) -> Item | None:
        """Remove and return the next item; `None` if the queue is empty."""
        if not self._clients:
            return None
        client, items = self._clients.popitem(last=False)
        item = items.popleft()
        if items:
            self._clients[client] = items  # behind the other clients
        return item

    def discard(self, client: str, item: Item) -> None:
        """Remove an item of a client if it is in the queue."""
        items = self._clients.get(client, deque())
        if item in items:
            items.remove(item)
            if not items:
                del self._clients[client]

    def _largest_if_full(self, client: str) -> str | None:
        """Return the client whose newest item must leave for one of `client`; `None` if there is a place."""
        own = len(self._clients.get(client, ()))
        if own >= self._per_client:
            raise QueueFullError
        if len(self) < self._total:
            return None
        largest = max(self._clients, key=lambda other: len(self._clients[other]), default=client)
        if len(self._clients.get(largest, ())) <= own + 1:
            raise QueueFullError
        return largest
