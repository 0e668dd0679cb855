"""Total deadlines for HTTP exchanges: a socket's own time-out starts anew with every byte that drips in."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import Final

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

AGAIN: Final = 0.05  # seconds until a connection that was not yet there to be cut is looked for again


class Watch:
    """One exchange under a deadline, in `time.monotonic()` seconds; `expired` once it was cut."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.expired = False
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None

    def follow(self, connection: HTTPConnection) -> None:
        """Remember what to cut; the socket too, since a connection forgets it while the body is read."""
        self._connection = connection
        self._socket = connection.sock or self._socket

    def cut(self) -> None:
        """Shut the socket down, which ends every read of it in whatever thread."""
        self.expired = True
        current = (self._connection.sock if self._connection else None) or self._socket
        if current is not None:
            with suppress(OSError):
                socket.socket.shutdown(current, socket.SHUT_RDWR)  # past ssl's own, which would wait


class Watchdog:
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
            with self._changed:
                self._watches.discard(watch)

    def _add(self, watch: Watch) -> None:
        with self._changed:
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            if watch.deadline < self._next_look:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while True:
                self._changed.wait(self._cut_expired())

    def _cut_expired(self) -> float | None:
        """Cut what is over its deadline; return the seconds until the next look, `None` for no need."""
        now = time.monotonic()
        for watch in self._watches:
            if watch.deadline <= now:
                watch.cut()
        wait = min((max(watch.deadline - now, AGAIN) for watch in self._watches), default=None)
        self._next_look = inf if wait is None else now + wait
        return wait


class _Here(threading.local):
    """What guards the exchange that this thread makes."""

    watch: Watch


_here = _Here()


class _Guarded(HTTPConnection):
    def connect(self) -> None:
        self._show()
        super().connect()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3's own is
        self._show()
        return super().getresponse()

    def _show(self) -> None:
        _here.watch.follow(self)


class _GuardedHttps(_Guarded, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHttps


POOLS: Final = {"http": _HttpPool, "https": _HttpsPool}
"""What a urllib3 `PoolManager.pool_classes_by_scheme` needs for its exchanges to be guarded."""
