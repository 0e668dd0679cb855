"""A limited number of slots that clients get in turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from exporter.fair_queue import FairQueue, QueueFullError

Turn = asyncio.Future[None]


class FairSlots:
    """Limits how many tasks run at once. While all slots are in use, clients take turns for the next one.

    A client with many waiting tasks gets as many turns as a client with one. Use it in one event loop only.

    :param limit: the number of slots.
    :param max_waiting: the number of tasks that may wait.
    :param max_waiting_per_client: the same for one client.
    """

    def __init__(self, limit: int, *, max_waiting: float = inf, max_waiting_per_client: float = inf) -> None:
        self._limit = limit
        self._queue = FairQueue[Turn](max_waiting, max_waiting_per_client)
        self._in_use = 0
        self._is_closed = False

    def __repr__(self) -> str:
        return f"FairSlots({self.in_use} of {self._limit} in use, {self.waiting} waiting)"

    @property
    def in_use(self) -> int:
        """The number of slots in use."""
        return self._in_use

    @property
    def waiting(self) -> int:
        """The number of tasks that wait for a slot."""
        return len(self._queue)

    async def acquire(self, client: str) -> None:
        """Take a slot once it is this client's turn. A cancelled task takes none.

        :param client: what tells clients apart, such as a network.
        :raises QueueFullError: if too many tasks wait, this one loses its place, or the slots are closed.
        """
        if self._is_closed:
            raise QueueFullError
        if self._in_use < self._limit:
            self._in_use += 1
            return
        turn: Turn = asyncio.get_running_loop().create_future()
        _refuse(self._queue.add(client, turn))
        try:
            await asyncio.wait({turn})
        except asyncio.CancelledError:
            self._leave(client, turn)
            raise
        turn.result()

    def release(self) -> None:
        """Return a slot: the next client gets it."""
        turn = self._queue.pop()
        if turn is None:
            self._in_use -= 1
        else:
            turn.set_result(None)

    @asynccontextmanager
    async def slot(self, client: str) -> AsyncIterator[None]:
        """Hold a slot for the duration of the block."""
        await self.acquire(client)
        try:
            yield
        finally:
            self.release()

    def close(self) -> None:
        """Refuse the tasks that wait, and new ones."""
        self._is_closed = True
        while turn := self._queue.pop():
            _refuse(turn)

    def _leave(self, client: str, turn: Turn) -> None:
        if not turn.done():
            self._queue.discard(client, turn)
        elif turn.exception() is None:
            self.release()


def _refuse(turn: Turn | None) -> None:
    if turn is not None:
        turn.set_exception(QueueFullError())
