"""A limited number of slots that clients get in turn."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Turn = asyncio.Future[None]


class FairSlots:
    """Limits how many tasks run at once. While all slots are in use, clients take turns for the next one.

    A client with many waiting tasks gets as many turns as a client with one. Use it in one event loop only.

    :param limit: the number of slots.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queues: OrderedDict[str, deque[Turn]] = OrderedDict()
        self._in_use = 0

    def __repr__(self) -> str:
        return f"FairSlots({self.in_use} of {self._limit} in use, {self.waiting} waiting)"

    @property
    def in_use(self) -> int:
        """The number of slots in use."""
        return self._in_use

    @property
    def waiting(self) -> int:
        """The number of tasks that wait for a slot."""
        return sum(map(len, self._queues.values()))

    async def acquire(self, client: str) -> None:
        """Take a slot once it is this client's turn. A cancelled task takes none.

        :param client: what tells clients apart, such as a network.
        """
        if self._in_use < self._limit:
            self._in_use += 1
            return
        turn: Turn = asyncio.get_running_loop().create_future()
        self._queues.setdefault(client, deque()).append(turn)
        try:
            await asyncio.wait({turn})
        except asyncio.CancelledError:
            self._leave(client, turn)
            raise

    def release(self) -> None:
        """Return a slot: the next client gets it."""
        if not self._queues:
            self._in_use -= 1
            return
        client, turns = self._queues.popitem(last=False)
        turns.popleft().set_result(None)
        if turns:
            self._queues[client] = turns

    @asynccontextmanager
    async def slot(self, client: str) -> AsyncIterator[None]:
        """Hold a slot for the duration of the block."""
        await self.acquire(client)
        try:
            yield
        finally:
            self.release()

    def _leave(self, client: str, turn: Turn) -> None:
        if turn.done():
            self.release()
            return
        turns = self._queues[client]
        turns.remove(turn)
        if not turns:
            del self._queues[client]
