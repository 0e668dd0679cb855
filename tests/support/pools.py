"""Pools that complete requests in an order that the test chooses."""

import random
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

from hypothesis import strategies as st

from exporter.walk import Pool, Threads
from exporter.walk.pool import Submit

Choose = Callable[[int], int]
"""Choose one of a number of possibilities, by its index."""


def first(_: int) -> int:
    """Choose the first."""
    return 0


def last(count: int) -> int:
    """Choose the last."""
    return count - 1


class ManualPool:
    """A pool without threads: each time the walk waits, one request runs, which `choose` picks.

    `most` is how many were in flight at once.
    """

    def __init__(self, size: int, choose: Choose = first) -> None:
        self._size = size
        self._choose = choose
        self._work: dict[Future[Any], Callable[[], Any]] = {}
        self.most = 0

    @property
    def pool(self) -> Pool:
        """The pool to pass to a walk."""
        return Pool(self.submit, self._size, self.await_any)

    def submit(self, work: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Keep the work until the walk waits."""
        future: Future[Any] = Future()
        self._work[future] = partial(work, *arguments)
        self.most = max(self.most, len(self._work))
        return future

    def await_any(self, awaited: Collection[Future[Any]]) -> Collection[Future[Any]]:
        """Do one piece of work."""
        ready = [future for future in self._work if future in awaited]
        future = ready[self._choose(len(ready))]
        work = self._work.pop(future)
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - as executors do
            future.set_exception(error)
        return [future]


def drawn(data: st.DataObject) -> Choose:
    """Return a choice that hypothesis makes."""
    return lambda count: data.draw(st.integers(0, count - 1), label="response")


class RandomOrderGate:
    """Holds requests until all that were sent wait here, then lets one through, chosen at random.

    `most` is how many were in flight at once.
    """

    def __init__(self, seed: int, submit: Submit) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._submit = submit
        self._changed = threading.Condition()
        self._waiting: list[object] = []
        self._sent = 0
        self._is_closed = False
        self.most = 0

    def submit(self, work: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Send one more request."""
        with self._changed:
            self._sent += 1
            self.most = max(self.most, self._sent)
        return self._submit(self._pass, work, arguments)

    def open(self) -> None:
        """Let requests through, one by one, until the gate is closed."""
        with self._changed:
            while self._changed.wait_for(lambda: self._is_closed or len(self._waiting) == self._sent > 0):
                if self._is_closed:
                    self._waiting.clear()
                    self._changed.notify_all()
                    return
                self._waiting.pop(self._random.randrange(len(self._waiting)))
                self._sent -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End `open`, and hold no request any longer."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _pass(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        me = object()
        with self._changed:
            self._waiting.append(me)
            self._changed.notify_all()
            self._changed.wait_for(lambda: me not in self._waiting)
        return work(*arguments)


@contextmanager
def gated_threads(seed: int, size: int) -> Iterator[tuple[RandomOrderGate, Pool]]:
    """Give a pool of real threads behind a gate."""
    with Threads(size) as threads:
        gate = RandomOrderGate(seed, threads.submit)
        opener = threading.Thread(target=gate.open)
        opener.start()
        try:
            yield gate, Pool(gate.submit, size)
        finally:
            gate.close()
            opener.join()
