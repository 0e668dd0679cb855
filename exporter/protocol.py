"""HTTP/1.1 by uvicorn and h11, with an end to every wait: for a request, and for the reader of an answer."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from exporter.limits import Limits

_INCOMPLETE: Final = (h11.IDLE, h11.SEND_BODY, h11.ERROR)


class GuardedProtocol(H11Protocol):
    """One connection, which ends when its client is too slow to send a request or to read an answer."""

    def __init__(
        self,
        config: uvicorn.Config,
        state: ServerState,
        limits: Limits,
        on_end: Callable[["GuardedProtocol"], None],
    ) -> None:
        super().__init__(config, state, {}, asyncio.get_running_loop())
        self._limits = limits
        self._on_end = on_end
        self._deadline: asyncio.TimerHandle | None = None
        self._unread = False
        self.is_connected = False

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its client, and not its client for us."""
        return self._is_incomplete or self.cycle.response_complete

    @property
    def _is_incomplete(self) -> bool:
        return self.conn.their_state in _INCOMPLETE

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.is_connected = True
        self._end_within(self._limits.request_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything, at once: a timer of uvicorn's would keep an answer's buffers until it is due."""
        self._end_whenever()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._on_end(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; the first of a request begin its time, its last end it."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._is_incomplete:
            self._end_whenever()
        elif self._deadline is None:
            self._end_within(self._limits.request_seconds)

    def on_response_complete(self) -> None:
        """Take the next request only once the answer has left: a connection holds no two of them."""
        if self.flow.write_paused or self.transport.is_closing():
            self._unread = True
            self._end_within(self._limits.answer_seconds)
        else:
            super().on_response_complete()

    def resume_writing(self) -> None:
        """Go on where the client has read, unless this is the end anyway."""
        super().resume_writing()
        if self._unread and not self.transport.is_closing():
            self._unread = False
            self._end_whenever()
            super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close what has been idle for long; what its client has not read may not hold that up."""
        super().timeout_keep_alive_handler()
        self._end_within(self._limits.answer_seconds)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, where an answer can still be given."""
        with suppress(h11.LocalProtocolError):
            super().send_400_response(msg)
        self.transport.close()
        self._end_within(self._limits.answer_seconds)

    def shutdown(self) -> None:
        """Finish what is in flight, and close; what is closing already needs no telling."""
        if not self.transport.is_closing():
            super().shutdown()

    def _end_within(self, seconds: float) -> None:
        self._end_whenever()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _end_whenever(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
