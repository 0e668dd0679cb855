"""How many requests of one kind may be in flight, who waits for a place, and whether clients still wait."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from exporter.server.networks import client_network
from exporter.server.refusals import CountRefusal, Refusal

PATIENCE: Final = 2.0  # seconds that a request waits for a place: a crowd that arrives at once is soon served
T = TypeVar("T")
Turn = asyncio.Future[None]


class TooManyRequestsError(Exception):
    """As many requests are in flight as allowed, and none of them ended in time."""


class Slots:
    """A number of places for requests. Where all are taken, each client network has its turn for the next.

    For one event loop. The server's connections bound how many requests wait.
    """

    def __init__(self, most: int, refused: CountRefusal, patience: float = PATIENCE) -> None:
        self._most = most
        self._refused = refused
        self._patience = patience
        self._waiting: OrderedDict[str, deque[Turn]] = OrderedDict()
        self.in_flight = 0

    def __repr__(self) -> str:
        return f"Slots({self.in_flight} of {self._most} in flight, {self.waiting} waiting)"

    @property
    def waiting(self) -> int:
        """How many requests wait for a place."""
        return sum(map(len, self._waiting.values()))

    async def take(self, client: str) -> bool:
        """Take a place for a request of the client at this address, and return true.

        Raises `TooManyRequestsError` where there is none within `patience` seconds.
        """
        if self.in_flight < self._most:
            self.in_flight += 1
            return True
        network, turn = client_network(client), asyncio.get_running_loop().create_future()
        self._waiting.setdefault(network, deque()).append(turn)
        try:
            await asyncio.wait({turn}, timeout=self._patience)
        except asyncio.CancelledError:
            self._leave(network, turn)
            raise
        if turn.done():
            return True
        self._leave(network, turn)
        self._refused(Refusal.TOO_MANY_REQUESTS)
        raise TooManyRequestsError

    def free(self) -> None:
        """Give a place back, to the request whose turn it is if any waits."""
        if not self._waiting:
            self.in_flight -= 1
            return
        network, turns = self._waiting.popitem(last=False)
        turns.popleft().set_result(None)
        if turns:
            self._waiting[network] = turns

    @asynccontextmanager
    async def taken(self, client: str) -> AsyncIterator[None]:
        """Hold a place for as long as the block lasts."""
        await self.take(client)
        try:
            yield
        finally:
            self.free()

    def _leave(self, network: str, turn: Turn) -> None:
        if turn.done():
            self.free()
            return
        turns = self._waiting[network]
        turns.remove(turn)
        if not turns:
            del self._waiting[network]


async def unless_gone(receive: Callable[[], Awaitable[Any]], work: asyncio.Future[T]) -> T | None:
    """Return the result of `work`; cancel it and return nothing where the client disconnects before."""
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        either: set[asyncio.Future[Any]] = {work, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else None
    finally:
        gone.cancel()
        work.cancel()


async def _disconnected(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
