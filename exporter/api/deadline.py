"""Total deadlines for HTTP exchanges: a socket's own time-out starts anew with every byte that drips in."""

import http.client
import io
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from math import inf
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util.connection import create_connection

from exporter.api.resolver import Resolver
from exporter.errors import Reason, UnsentRequestError

SHORTEST_WAIT: Final = 0.001  # seconds; a socket takes 0 as "do not wait" and less as an error
AGAIN: Final = 0.05  # seconds until a connection that was not yet there to be cut is looked for again


class Watch:
    """One exchange under a deadline, in `time.monotonic()` seconds.

    `expired` once it was cut, `sent` once bytes may have left for the API or its proxy.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.expired = False
        self.sent = False
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._answer: http.client.HTTPResponse | None = None

    @property
    def left(self) -> float:
        """The seconds until the deadline; 0 or less once it has passed."""
        return self.deadline - time.monotonic()

    def follow(self, connection: HTTPConnection) -> None:
        """Remember what to cut; the socket too, since a connection forgets it while the body is read."""
        self._connection = connection
        self._socket = connection.sock or self._socket

    def close_at_end(self, answer: http.client.HTTPResponse) -> None:
        """Remember an answer that urllib3 may drop open: where it refuses the headers."""
        self._answer = answer

    def end(self) -> None:
        """Close what the exchange left open."""
        if self._answer is not None:
            self._answer.close()

    def cut(self) -> None:
        """Shut the socket down, which ends every read of it in whatever thread."""
        self.expired = True
        current = (self._connection.sock if self._connection else None) or self._socket
        current = getattr(current, "socket", current)  # below TLS that goes through a proxy's TLS
        if current is not None:
            with suppress(OSError):
                socket.socket.shutdown(current, socket.SHUT_RDWR)  # past ssl's own, which would wait


class Deadlines:
    """One thread, started when first needed, that cuts every exchange at its deadline."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._next_look = inf

    @contextmanager
    def watch(self, seconds: float) -> Iterator[Watch]:
        """Guard the HTTP exchange that this thread makes within the block."""
        watch = Watch(time.monotonic() + seconds)
        self._add(watch)
        _here.watch = watch
        try:
            yield watch
        finally:
            del _here.watch
            watch.end()
            with self._changed:
                self._watches.discard(watch)

    def _add(self, watch: Watch) -> None:
        with self._changed:
            self._ensure_thread()
            self._watches.add(watch)
            if watch.deadline < self._next_look:
                self._changed.notify()

    def _ensure_thread(self) -> None:
        """Start the thread; raise `UnsentRequestError` if the system gives none: none goes unwatched."""
        if self._thread is not None and self._thread.is_alive():
            return
        thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:
            raise UnsentRequestError(
                Reason.TIMEOUT, f"cannot start a thread to keep deadlines: {error}"
            ) from error
        self._thread = thread

    def _run(self) -> None:
        with self._changed:
            while True:
                self._changed.wait(self._cut_expired())

    def _cut_expired(self) -> float | None:
        """Cut what is over its deadline; return the seconds until the next look, `None` for no need."""
        now = time.monotonic()
        for watch in self._watches:
            if watch.deadline <= now:
                with suppress(Exception):  # one that cannot be cut must not keep the others from it
                    watch.cut()
        wait = min((max(watch.deadline - now, AGAIN) for watch in self._watches), default=None)
        self._next_look = inf if wait is None else now + wait
        return wait


class _Here(threading.local):
    """What guards the exchange that this thread makes."""

    watch: Watch


_here = _Here()
_RESOLVER: Final = Resolver()


class _Stream(io.BufferedReader):
    """What an answer is read from."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read `size` bytes; a chunk of negative size would read to the end, whatever the memory."""
        if size is None or size < 0:
            raise http.client.HTTPException("a chunk of negative size")
        return super().read(size)


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(sock, *args, **kwargs)
        self.fp = _Stream(self.fp.detach())
        _here.watch.close_at_end(self)

    def begin(self) -> None:
        """Read the head; drop its cookies, which the standard library's parser warns of at length."""
        super().begin()
        for name in ("Set-Cookie", "Set-Cookie2"):
            del self.headers[name]


class _Guarded(HTTPConnection):
    response_class = _Answer

    def connect(self) -> None:
        self._show()
        super().connect()

    def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's signature
        """Send bytes, and note that some may have left."""
        if self.sock is None and self.auto_open:
            self.connect()
        _here.watch.sent = True
        super().send(data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3's own is
        self._show()
        return super().getresponse()

    def _new_conn(self) -> socket.socket:
        """Connect, as urllib3 does, but within the exchange's seconds over all addresses of the host."""
        watch = _here.watch
        try:
            connected = self._connect_to(_RESOLVER.resolve(self._dns_host, self.port, watch.left), watch)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out") from error
        except OSError as error:
            raise NewConnectionError(self, f"Failed to establish a new connection: {error}") from error
        except UnicodeError:
            raise LocationParseError(f"'{self.host}', label empty or too long") from None
        connected.settimeout(max(watch.left, SHORTEST_WAIT))
        return connected

    def _connect_to(self, addresses: Sequence[str], watch: Watch) -> socket.socket:
        """Connect to the first address that accepts; each may take an equal share of the time left."""
        failure = OSError("no address")
        for place, address in enumerate(addresses):
            share = max(watch.left / (len(addresses) - place), SHORTEST_WAIT)
            try:
                return create_connection(
                    (address, self.port), share, self.source_address, self.socket_options
                )
            except OSError as error:
                failure = error
        raise failure

    def _show(self) -> None:
        _here.watch.follow(self)


class _GuardedHttps(_Guarded, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHttps


POOLS: Final[dict[str, type[HTTPConnectionPool]]] = {"http": _HttpPool, "https": _HttpsPool}
"""What a urllib3 `PoolManager.pool_classes_by_scheme` needs for its exchanges to be guarded."""
