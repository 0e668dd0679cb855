"""The threads of one walk, which never keep the process from exiting."""

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
    """A pool of daemon threads, each started when it is first needed. They exit after the `with` block.

    If the system cannot start a thread, the running ones do the work; without any, the caller does it.
    `concurrent.futures` does not fit: the interpreter waits for its threads however long a request hangs.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._started = 0
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self._size}, started={self._started})"

    def submit(self, work: Callable[..., Result], /, *arguments: object) -> Future[Result]:
        """Call `work` in one of the threads. Only one thread may submit."""
        future: Future[Result] = Future()
        task = (future, partial(work, *arguments))
        if self._started < self._size:
            self._start()
        if self._started:
            self._tasks.put(task)
        else:
            _run(*task)
        return future

    def _start(self) -> None:
        with suppress(RuntimeError, MemoryError):  # a limit of processes, or no memory
            Thread(target=self._run_tasks, name="fetch", daemon=True).start()
            self._started += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell each thread to exit after its task, without waiting for it."""
        for _ in range(self._started):
            self._tasks.put(None)

    def _run_tasks(self) -> None:
        while task := self._tasks.get():
            _run(*task)
            del task  # an idle thread keeps no page alive


def _run(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
        future.set_exception(error)
