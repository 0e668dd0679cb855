"""Threads for the requests of one walk, which keep no process from ending."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar

Result = TypeVar("Result")
Task = tuple[Future[Any], Callable[[], Any]]


class Threads:
    """Some daemon threads, each started when it is first needed; they end when the `with` block does.

    Where the system gives no thread, those that run do the work; where none runs, the caller does it.
    Those of `concurrent.futures` are awaited when the interpreter exits, however long a request hangs.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._started = 0
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()

    def submit(self, work: Callable[..., Result], /, *arguments: object) -> Future[Result]:
        """Do the work in one of them; to be called by one thread alone."""
        future: Future[Result] = Future()
        task = (future, partial(work, *arguments))
        if self._started < self._most:
            self._start()
        if self._started:
            self._tasks.put(task)
        else:
            _do(*task)
        return future

    def _start(self) -> None:
        with suppress(RuntimeError, MemoryError):  # a limit of processes, or no memory
            Thread(target=self._run, name="fetch", daemon=True).start()
            self._started += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let each end with what it does; await none."""
        for _ in range(self._started):
            self._tasks.put(None)

    def _run(self) -> None:
        while task := self._tasks.get():
            _do(*task)
            del task  # no page outlives its turn


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
        future.set_exception(error)
