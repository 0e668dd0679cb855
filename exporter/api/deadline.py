"""Total deadlines for HTTP exchanges: a socket's own timeout starts again with every byte received."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from typing import Final

from urllib3.connection import HTTPConnection

from exporter.errors import Reason, UnsentRequestError

RECHECK_INTERVAL: Final = 0.05
"""Seconds after which an exchange that is overdue is cut again: it may not have had a connection yet."""


class Exchange:
    """One HTTP exchange and its deadline (`time.monotonic()`). The thread of `Deadlines` cuts it."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.was_cut = False
        self.may_have_sent = False
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._response: http.client.HTTPResponse | None = None

    def __repr__(self) -> str:
        return f"Exchange({self.seconds_left:.3f} s left, was_cut={self.was_cut})"

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline, negative after it."""
        return self.deadline - time.monotonic()

    def use_connection(self, connection: HTTPConnection) -> None:
        """Record what to cut: also the socket, which a connection forgets while the body is read."""
        self._connection = connection
        self._socket = connection.sock or self._socket

    def use_response(self, response: http.client.HTTPResponse) -> None:
        """Record a response to close: urllib3 leaves one open if it refuses the headers."""
        self._response = response

    def cut(self) -> None:
        """Shut down the socket, which ends every read of it in any thread."""
        self.was_cut = True
        current = (self._connection.sock if self._connection else None) or self._socket
        current = getattr(current, "socket", current)  # the socket below TLS within a proxy's TLS
        if current is not None:
            with suppress(OSError):
                socket.socket.shutdown(current, socket.SHUT_RDWR)  # not SSLSocket's, which would wait

    def close(self) -> None:
        """Close the response if it is still open."""
        if self._response is not None:
            self._response.close()


class _State(Enum):
    """What the thread of `Deadlines` does."""

    NOT_STARTED = auto()
    IDLE = auto()
    WAITING = auto()


class Deadlines:
    """Cuts every exchange at its deadline, in one thread that starts with the first exchange."""

    def __init__(self) -> None:
        self._exchanges: set[Exchange] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._next_check: float | None = None

    def __repr__(self) -> str:
        return f"Deadlines({self._state.name}, {len(self._exchanges)} exchanges)"

    @contextmanager
    def limit(self, seconds: float) -> Iterator[Exchange]:
        """Cut the HTTP exchange that this thread makes within the block after `seconds`.

        :raises UnsentRequestError: if the system cannot start a thread.
        """
        exchange = Exchange(time.monotonic() + seconds)
        self._add(exchange)
        _current.exchange = exchange
        try:
            yield exchange
        finally:
            del _current.exchange
            exchange.close()
            with self._changed:
                self._exchanges.discard(exchange)

    @property
    def _state(self) -> _State:
        if self._thread is None or not self._thread.is_alive():
            return _State.NOT_STARTED
        return _State.IDLE if self._next_check is None else _State.WAITING

    def _add(self, exchange: Exchange) -> None:
        with self._changed:
            if self._state is _State.NOT_STARTED:
                self._start_thread()
            self._exchanges.add(exchange)
            if self._next_check is None or exchange.deadline < self._next_check:
                self._changed.notify()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:
            raise UnsentRequestError(
                Reason.TIMEOUT, f"cannot start a thread for request deadlines: {error}"
            ) from error
        self._thread = thread

    def _run(self) -> None:
        with self._changed:
            while True:
                self._changed.wait(self._cut_overdue())

    def _cut_overdue(self) -> float | None:
        """Cut what is overdue. Return the seconds until the next check, or `None` if nothing is left."""
        now = time.monotonic()
        for exchange in self._exchanges:
            if exchange.deadline <= now:
                with suppress(Exception):  # one that cannot be cut must not prevent the others
                    exchange.cut()
        waits = [max(exchange.deadline - now, RECHECK_INTERVAL) for exchange in self._exchanges]
        wait = min(waits, default=None)
        self._next_check = None if wait is None else now + wait
        return wait


class _Current(threading.local):
    exchange: Exchange


_current: Final = _Current()


def current_exchange() -> Exchange:
    """Return the exchange that this thread makes, within `Deadlines.limit`."""
    return _current.exchange
