"""HTTP/1.1 by uvicorn and h11, with a timeout for each wait for the client."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol

import h11
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from exporter.server.empty_lines import LINE_ENDS, skip_empty_lines
from exporter.server.eviction import LOGIN_WAIT, ConnectionClass
from exporter.server.limits import Limits
from exporter.server.pending import PendingBodies
from exporter.server.phase import BEING_READ, UNTIMED, Phase
from exporter.server.refusals import CountRefusal, Refusal
from exporter.server.response_headers import HeaderPairs

_INCOMPLETE: Final = (h11.IDLE, h11.SEND_BODY, h11.ERROR)
_BAD_REQUEST: Final = 400
NOT_HTTP: Final = b"not a valid HTTP/1.1 request\n"
LINGER: Final = 0.3  # seconds for TLS to send its last records when the server stops


class Owner(Protocol):
    """What keeps track of all connections."""

    def changed(self, connection: "HttpConnection") -> None:
        """Note a new phase, or progress within one."""

    def ended(self, connection: "HttpConnection") -> None:
        """Forget a connection."""


class HttpConnection(H11Protocol):
    """One connection. It ends when its client is too slow to send a request or to read a response."""

    def __init__(  # noqa: PLR0913, PLR0917 - what all connections share
        self,
        config: uvicorn.Config,
        state: ServerState,
        limits: Limits,
        pending: "PendingBodies[HttpConnection]",
        headers: Callable[[], HeaderPairs],
        refused: CountRefusal,
        owner: Owner,
    ) -> None:
        super().__init__(config, state, {}, asyncio.get_running_loop())
        self._application, self.app = self.app, self._answer
        self._limits = limits
        self._pending = pending
        self._headers = headers
        self._refused = refused
        self._owner = owner
        self._timeout: asyncio.TimerHandle | None = None
        self._is_proven = False
        self.phase = Phase.CONNECTING

    def __repr__(self) -> str:
        return f"HttpConnection({self.client}, {self.phase.name})"

    @property
    def is_connected(self) -> bool:
        """Whether the connection is open and past the TLS handshake, if any."""
        return self.phase not in {Phase.CONNECTING, Phase.ENDED}

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its client or for a login check: it may end to make room for another one."""
        return self.phase is not Phase.ANSWERING

    @property
    def connection_class(self) -> ConnectionClass:
        """The class in which it waits."""
        if self._is_proven:
            return ConnectionClass.READING if self.phase in BEING_READ else ConnectionClass.PROVEN
        if self.phase is Phase.AUTHENTICATING:
            return ConnectionClass.AUTHENTICATING
        return ConnectionClass.NEW

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Wait for the first request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=self._limits.chunk_bytes)
        self._enter(Phase.RECEIVING)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection. uvicorn's idle timer would keep its buffers alive for as long as it runs."""
        self._cancel_timeout()
        self.phase = Phase.ENDED
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._owner.ended(self)

    def data_received(self, data: bytes) -> None:
        """Parse a request; keep what arrives before the response to it has been sent."""
        if self.phase in {Phase.RECEIVING, Phase.IDLE}:
            if self._has_begun_request or data.strip(LINE_ENDS):  # else empty lines only
                super().data_received(data)
        elif self.conn.their_state is not h11.MUST_CLOSE:  # else no other request is answered
            self.conn.receive_data(data)
            self._limit_pipelined()

    def handle_events(self) -> None:
        """Parse what has been received. A request's timeout runs from its first byte to its last."""
        skip_empty_lines(self.conn)
        super().handle_events()
        if self.transport.is_closing():
            return
        if self.conn.their_state not in _INCOMPLETE:
            self._enter(Phase.ANSWERING)
            self._limit_pipelined()
        elif self.phase in {Phase.IDLE, Phase.SENDING} and self._has_begun_request:
            self._enter(Phase.RECEIVING)

    @property
    def _has_begun_request(self) -> bool:
        return self.conn.their_state is not h11.IDLE or bool(self.conn.trailing_data[0])

    def on_response_complete(self) -> None:
        """Parse the next request once the client has read enough of the response."""
        if self.flow.write_paused or self.transport.is_closing():
            self._enter(Phase.DRAINING)
        else:
            self._await_next_request()

    def resume_writing(self) -> None:
        """Continue: the client has read."""
        super().resume_writing()
        if self.phase is Phase.DRAINING and not self.transport.is_closing():
            self._await_next_request()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, without waiting long for its client to read the last response."""
        super().timeout_keep_alive_handler()
        self._enter(Phase.DRAINING)  # for its timer

    def send_400_response(self, _msg: str) -> None:
        """Refuse what is not HTTP/1.1; uvicorn's response would lack the configured headers."""
        self._refused(Refusal.MALFORMED)
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(NOT_HTTP)),
            (b"connection", b"close"),
            *self.server_state.default_headers,
            *self._headers(),
        ]
        response = h11.Response(status_code=_BAD_REQUEST, headers=headers, reason=b"Bad Request")
        with suppress(h11.LocalProtocolError):  # a response has begun
            for event in (response, h11.Data(data=NOT_HTTP), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None:
            self.cycle.disconnected = True  # it may refuse the same request, whose body is malformed
        self.transport.close()
        self._enter(Phase.DRAINING)

    def shutdown(self) -> None:
        """Finish the request in flight, then close. Do not wait for an idle TLS client's close_notify."""
        if not self.transport.is_closing():
            super().shutdown()
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            self.loop.call_later(LINGER, self.transport.abort)

    def end(self, reason: Refusal) -> None:
        """Close the connection without sending the rest, and count why."""
        self._refused(reason)
        self.transport.abort()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; send a large body in chunks, as fast as the client reads them."""

        async def send_in_chunks(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._is_proven = self._is_proven or message["status"] < _BAD_REQUEST
                self._enter(Phase.SENDING)
                await send(message)
            else:
                await self._send_body(send, message)

        scope["state"][LOGIN_WAIT] = self._authenticating
        try:
            await self._application(scope, receive, send_in_chunks)
        except asyncio.CancelledError:  # the server stops: that is no error of the application
            self.cycle.disconnected = True
            self.transport.abort()

    @contextmanager
    def _authenticating(self) -> Iterator[None]:
        self._enter(Phase.AUTHENTICATING)
        try:
            yield
        finally:
            self._enter(Phase.ANSWERING)

    async def _send_body(self, send: Send, message: Message) -> None:
        body: bytes = message.get("body", b"")
        size = self._limits.chunk_bytes
        if len(body) <= size:
            await send(message)
            return
        view, last = memoryview(body), (len(body) - 1) // size * size
        with self._pending.sending(self, body):
            for start in range(0, len(body), size):
                await self.flow.drain()
                if self.transport.is_closing():
                    self.cycle.disconnected = True  # uvicorn learns it only from `connection_lost`
                    return
                self._enter(Phase.SENDING)
                more = message.get("more_body", False) or start < last
                await send({**message, "body": view[start : start + size], "more_body": more})

    def _limit_pipelined(self) -> None:
        """End a connection that sends too much before the response to its request."""
        is_last = self.conn.their_state is h11.MUST_CLOSE
        if not is_last and len(self.conn.trailing_data[0]) > self._limits.header_bytes:
            self.end(Refusal.PIPELINED)

    def _await_next_request(self) -> None:
        """Enter `IDLE`, unless uvicorn begins the next request: then the phase has changed."""
        self.phase = Phase.SENDING  # only a mark: not entered, so no timer starts
        super().on_response_complete()  # which parses a request that has been received already
        if self.phase is Phase.SENDING:
            self._enter(Phase.IDLE)

    def _enter(self, phase: Phase) -> None:
        """Enter a phase, or note progress in it. uvicorn's own timer ends `IDLE`."""
        if self.phase is Phase.ENDED:
            return
        self._cancel_timeout()
        self.phase = phase
        if phase not in UNTIMED:
            receives = phase is Phase.RECEIVING
            seconds = self._limits.request_timeout if receives else self._limits.response_timeout
            self._timeout = self.loop.call_later(seconds, self._expire)
        self._owner.changed(self)
        self._pending.progress(self)

    def _cancel_timeout(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None

    def _expire(self) -> None:
        if self.phase is Phase.RECEIVING:
            self.end(Refusal.SLOW_REQUEST)
        elif self.transport.get_write_buffer_size():
            self.end(Refusal.UNREAD_RESPONSE)
        else:
            self.transport.abort()
