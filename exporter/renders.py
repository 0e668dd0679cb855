"""One rendering for all who ask for the same thing at once: sixty scrapers cost what one does."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Renders(Generic[T]):
    """What is being rendered, by what it is made from. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[T]] = {}

    def share(self, key: Hashable, render: Callable[[], T]) -> T:
        """Return what `render` does, or what another thread's call with an equal key is about to return."""
        with self._lock:
            future = self._under_way.get(key)
            if future is None:
                mine = self._under_way[key] = Future()
        if future is not None:
            return future.result()
        try:
            mine.set_result(render())
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._under_way[key]
        return mine.result()
