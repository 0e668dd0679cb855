"""Resolves host names within a deadline: the system's resolver cannot be interrupted."""

import errno
import os
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial

from urllib3.util.connection import allowed_gai_family

Addresses = Sequence[str]
"""Numeric addresses, in the system's order."""


class Resolver:
    """Resolves each host name in one thread at a time. Concurrent callers share the result.

    A system resolver that hangs therefore costs one thread per host name, not one per attempt.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, int], Future[Addresses]] = {}

    def __repr__(self) -> str:
        return f"Resolver({len(self._pending)} pending)"

    def resolve(self, host: str, port: int, seconds: float) -> Addresses:
        """Return the addresses of `host`, a name or an address.

        :raises TimeoutError: after `seconds`.
        :raises OSError: as `socket.gaierror` if the name does not resolve, else if no thread can be started.
        :raises UnicodeError: if the name has an empty or overlong label.
        """
        try:
            return _look_up(host, port, socket.AI_NUMERICHOST)  # never blocks
        except (socket.gaierror, UnicodeError):
            pass  # resolved outside the `except`, whose error would be the context of a later one
        return self._lookup_in_progress(host, port).result(max(seconds, 0.0))

    def _lookup_in_progress(self, host: str, port: int) -> Future[Addresses]:
        key = (host, port)
        with self._lock:
            future = self._pending.get(key)
            if future is None:
                future = Future()
                _start(lambda: self._settle(key, future))
                self._pending[key] = future
            return future

    def _settle(self, key: tuple[str, int], future: Future[Addresses]) -> None:
        try:
            settle = partial(future.set_result, _look_up(*key))
        except Exception as error:  # noqa: BLE001 - every waiting caller raises it
            settle = partial(future.set_exception, error)
        with self._lock:
            del self._pending[key]
        settle()


def _look_up(host: str, port: int, flags: int = 0) -> Addresses:
    entries = socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM, 0, flags)
    return tuple(str(address[0]) for *_, address in entries)


def _start(work: Callable[[], None]) -> None:
    try:
        threading.Thread(target=work, name="resolver", daemon=True).start()
    except (RuntimeError, MemoryError) as error:  # the system has no thread
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
