"""HTTP/1.1 by uvicorn and h11, with an end to every wait: for a request, and for the reader of a response."""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum, auto
from typing import Final, Protocol

import h11
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from exporter.server.limits import Limits
from exporter.server.refusals import CountRefusal, Refusal
from exporter.server.waiting import Crowd

_INCOMPLETE: Final = (h11.IDLE, h11.SEND_BODY, h11.ERROR)
_BAD_REQUEST: Final = 400
_EMPTY_LINES: Final = re.compile(rb"(\r?\n)+")
LINGER: Final = 0.3  # seconds in which what TLS has still to send leaves, once the server ends
NOT_HTTP: Final = b"not a valid HTTP/1.1 request\n"
HeaderPairs = Sequence[tuple[bytes, bytes]]


class Phase(Enum):
    """What a connection does; in all phases but `ANSWERING` it waits for its client."""

    RECEIVING = auto()
    """The request, or the first one of the connection, is not complete."""
    ANSWERING = auto()
    """The application works on a whole request."""
    SENDING = auto()
    """The client reads a response that the application is still passing on."""
    DRAINING = auto()
    """The client reads the end of a response, or of the connection."""
    IDLE = auto()
    """The connection is kept alive for a next request."""
    ENDED = auto()
    """The connection is gone."""


class Owner(Protocol):
    """Who decides which connections there is room for."""

    def changed(self, connection: "GuardedProtocol") -> None:
        """Note a new phase, or progress within one."""

    def ended(self, connection: "GuardedProtocol") -> None:
        """Forget a connection."""

    def sending(self, connection: "GuardedProtocol", body: bytes) -> None:
        """Note that a body is being sent."""

    def sent(self, connection: "GuardedProtocol") -> None:
        """Note that it no longer is."""


class GuardedProtocol(H11Protocol):
    """One connection, which ends when its client is too slow to send a request or to read a response."""

    def __init__(  # noqa: PLR0913, PLR0917 - what all connections share
        self,
        config: uvicorn.Config,
        state: ServerState,
        limits: Limits,
        headers: Callable[[], HeaderPairs],
        refused: CountRefusal,
        owner: Owner,
    ) -> None:
        super().__init__(config, state, {}, asyncio.get_running_loop())
        self._application = self.app
        self.app = self._answer
        self._limits = limits
        self._headers = headers
        self._refused = refused
        self._owner = owner
        self._deadline: asyncio.TimerHandle | None = None
        self._status = 0
        self.phase = Phase.RECEIVING
        self.is_connected = False
        self._is_known = False

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its client, and not its client for us."""
        return self.phase is not Phase.ANSWERING

    @property
    def is_undecided(self) -> bool:
        """Whether its request waits for a login to be checked: it may be anybody's."""
        return self.phase is Phase.ANSWERING and self.scope["state"].get("login") == "waiting"

    @property
    def crowd(self) -> Crowd:
        """Where it belongs while it waits."""
        if self.phase in {Phase.SENDING, Phase.DRAINING}:
            return Crowd.READERS
        return Crowd.KNOWN if self._is_known else Crowd.STRANGERS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin to wait for a request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=self._limits.piece_bytes)
        self.is_connected = True
        self._enter(Phase.RECEIVING)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything, at once: uvicorn's timer would keep a response's buffers until it is due."""
        self._cancel_deadline()
        self.phase = Phase.ENDED
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._owner.ended(self)

    def data_received(self, data: bytes) -> None:
        """Receive what belongs to a request; keep what follows one until it has been answered."""
        if self.phase in {Phase.RECEIVING, Phase.IDLE}:
            super().data_received(data)
        else:
            self._receive_early(data)

    def handle_events(self) -> None:
        """Parse what has been received; the first byte of a request starts its time, the last one ends it."""
        if not self._skip_empty_lines():
            super().handle_events()
        if self.transport.is_closing():
            return
        if self.conn.their_state not in _INCOMPLETE:
            self._enter(Phase.ANSWERING)
            self._limit_early()
        elif self.phase in {Phase.IDLE, Phase.SENDING} and self._has_begun_request:
            self._enter(Phase.RECEIVING)
        elif self.phase is Phase.IDLE:  # after empty lines: uvicorn took them for the end of the idle time
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    @property
    def _has_begun_request(self) -> bool:
        return self.conn.their_state is not h11.IDLE or bool(self.conn.trailing_data[0])

    def on_response_complete(self) -> None:
        """Take the next request only once the response has left: a connection holds no two of them."""
        self._is_known = self._is_known or self._status < _BAD_REQUEST
        if self.flow.write_paused or self.transport.is_closing():
            self._enter(Phase.DRAINING)
        else:
            self._await_next_request()

    def resume_writing(self) -> None:
        """Continue where the client has read, unless this is the end anyway."""
        super().resume_writing()
        if self.phase is Phase.DRAINING and not self.transport.is_closing():
            self._await_next_request()

    def timeout_keep_alive_handler(self) -> None:
        """Close what has been idle for long; what its client has not read may not hold that up."""
        super().timeout_keep_alive_handler()
        self._enter(Phase.DRAINING)

    def send_400_response(self, _msg: str) -> None:
        """Refuse what is no HTTP, where an answer can still be given."""
        self._refused(Refusal.MALFORMED)
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(NOT_HTTP)),
            (b"connection", b"close"),
            *self.server_state.default_headers,
            *self._headers(),
        ]
        with suppress(h11.LocalProtocolError):
            for event in (
                h11.Response(status_code=_BAD_REQUEST, headers=headers, reason=b"Bad Request"),
                h11.Data(data=NOT_HTTP),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
        self._enter(Phase.DRAINING)

    def shutdown(self) -> None:
        """Finish what is in flight, and close.

        Over TLS a client that has read everything need not answer that the connection ends: many never do.
        """
        if not self.transport.is_closing():
            super().shutdown()
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            self.loop.call_later(LINGER, self.transport.abort)

    def end(self, reason: Refusal) -> None:
        """End at once, whatever its client has not read."""
        self._refused(reason)
        self.transport.abort()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer; a large body is sent in pieces, as its client reads them."""

        async def send_in_pieces(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                self._enter(Phase.SENDING)
                await send(message)
            else:
                await self._send_body(send, message)

        try:
            await self._application(scope, receive, send_in_pieces)
        except asyncio.CancelledError:  # by the server's end, for which nobody is to blame
            self.cycle.disconnected = True
            self.transport.abort()

    async def _send_body(self, send: Send, message: Message) -> None:
        body: bytes = message.get("body", b"")
        size = self._limits.piece_bytes
        if len(body) <= size:
            await send(message)
            return
        view, last = memoryview(body), (len(body) - 1) // size * size
        with self._being_sent(body):
            for start in range(0, len(body), size):
                await self.flow.drain()
                if self.transport.is_closing():
                    self.cycle.disconnected = True  # which uvicorn has not been told yet
                    return
                self._enter(Phase.SENDING)
                more = message.get("more_body", False) or start < last
                piece = {**message, "body": view[start : start + size], "more_body": more}
                await send(piece)

    @contextmanager
    def _being_sent(self, body: bytes) -> Iterator[None]:
        self._owner.sending(self, body)
        try:
            yield
        finally:
            self._owner.sent(self)

    def _receive_early(self, data: bytes) -> None:
        """Keep the beginning of a next request, not yet parsed by h11; ignore what follows a last one."""
        if self.conn.their_state is not h11.MUST_CLOSE:
            self.conn.receive_data(data)
            self._limit_early()

    def _limit_early(self) -> None:
        if self.conn.their_state is h11.MUST_CLOSE:
            return
        if len(self.conn.trailing_data[0]) > self._limits.header_bytes:
            self.end(Refusal.PIPELINED)

    def _skip_empty_lines(self) -> bool:
        """Ignore empty lines before a request; say whether more of one must come.

        RFC 9112, section 2.2: some clients send one after a request's body.
        """
        if self.conn.their_state is not h11.IDLE:
            return False
        buffer = self.conn._receive_buffer  # noqa: SLF001 - h11 refuses the lines, and has no other way to them
        if empty := _EMPTY_LINES.match(bytes(buffer)):
            buffer.maybe_extract_at_most(empty.end())
        return bytes(buffer) == b"\r"

    def _await_next_request(self) -> None:
        self.phase = Phase.SENDING
        super().on_response_complete()
        if self.phase is Phase.SENDING:
            self._enter(Phase.IDLE)

    def _enter(self, phase: Phase) -> None:
        """Enter a phase, or note progress in it. uvicorn's own timer ends `IDLE`."""
        if self.phase is Phase.ENDED:
            return
        if self.phase is not phase or phase in {Phase.SENDING, Phase.DRAINING}:
            self._cancel_deadline()
        self.phase = phase
        if self._deadline is None and phase not in {Phase.ANSWERING, Phase.IDLE}:
            receiving = phase is Phase.RECEIVING
            seconds = self._limits.request_seconds if receiving else self._limits.answer_seconds
            self._deadline = self.loop.call_later(seconds, self._expire)
        self._owner.changed(self)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        if self.phase is Phase.RECEIVING:
            self.end(Refusal.SLOW_REQUEST)
        elif self.transport.get_write_buffer_size():
            self.end(Refusal.UNREAD_RESPONSE)
        else:
            self.transport.abort()
