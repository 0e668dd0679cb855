"""Limits how many requests are in flight at once."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, Literal

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.fair_slots import FairSlots
from exporter.server.disconnects import CLIENT_GONE, unless_gone
from exporter.server.networks import client_network
from exporter.server.refusals import CountRefusal, Refusal, ignore_refusal

QUEUE_SECONDS: Final = 2.0  # a burst of requests is served within this time


class ConcurrencyLimitMiddleware:
    """Allows `max_requests` requests of each kind in flight. More wait in a fair queue, then get a 503.

    A request is in flight until its response starts, or its endpoint returns. So a client that reads slowly
    holds no slot, and an endpoint that waits for its worker thread holds one for as long as the thread runs.

    The endpoint finds in `request.state`:

    - `queued_seconds`: how long the request waited for its slot;
    - `client_network`: what tells its client apart from others.

    :param max_requests: the number of requests of one kind in flight.
    :param kind_of: returns the kind of requests for a path; `None`: unlimited.
    :param count_refusal: counts each 503.
    :param queue_seconds: how long a request waits for a slot before the 503. The queue has no other limit.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_requests: int,
        kind_of: Callable[[str], str | None],
        *,
        count_refusal: CountRefusal = ignore_refusal,
        queue_seconds: float = QUEUE_SECONDS,
    ) -> None:
        self._app = app
        self._kind_of = kind_of
        self._slots: defaultdict[str, FairSlots] = defaultdict(lambda: FairSlots(max_requests))
        self._count_refusal = count_refusal
        self._queue_seconds = queue_seconds

    def __repr__(self) -> str:
        return f"ConcurrencyLimitMiddleware({dict(self._slots)})"

    def in_flight(self, kind: str) -> int:
        """Return the number of requests of a kind in flight."""
        return self._slots[kind].in_use

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on once it has a slot, or answer 503."""
        kind = self._kind_of(scope["path"])
        if kind is None:
            await self._app(scope, receive, send)
        else:
            await self._limit(self._slots[kind], scope, receive, send)

    async def _limit(self, slots: FairSlots, scope: Scope, receive: Receive, send: Send) -> None:
        time, network = asyncio.get_running_loop().time, client_network((scope.get("client") or ("",))[0])
        arrived = time()
        try:
            acquired = await unless_gone(receive, asyncio.ensure_future(self._acquire(slots, network)))
        except TimeoutError:
            self._count_refusal(Refusal.TOO_MANY_REQUESTS)
            await _too_many_requests()(scope, receive, send)
            return
        if not acquired:
            await Response(status_code=CLIENT_GONE)(scope, receive, send)
            return
        scope.setdefault("state", {}).update(queued_seconds=time() - arrived, client_network=network)
        with ExitStack() as slot:
            slot.callback(slots.release)

            async def send_without_slot(message: Message) -> None:
                slot.close()
                await send(message)

            await self._app(scope, receive, send_without_slot)

    async def _acquire(self, slots: FairSlots, network: str) -> Literal[True]:
        async with asyncio.timeout(self._queue_seconds):
            await slots.acquire(network)
        return True


def _too_many_requests() -> Response:
    return PlainTextResponse("too many requests at once: see --web.max-requests\n", 503)
