"""One walk at a time, each in its own thread; a walk that hangs is abandoned."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from exporter.durations import format_duration
from exporter.errors import ApiError, Reason
from exporter.target.running_walk import RunningWalk

MAX_ABANDONED: Final = 3  # threads of abandoned walks; at this number, no walk starts
Result = TypeVar("Result")
Spawn = Callable[[Callable[[], None]], None]
"""Starts a thread; raises `RuntimeError` or `MemoryError` if the system allows no more."""


class WalkLostError(ApiError):
    """A walk that hung or that got no thread."""

    def __init__(self, problem: str) -> None:
        super().__init__(Reason.TIMEOUT, problem)


class WalkRunner(Generic[Result]):
    """Runs at most one walk at a time. Call every method while you hold `lock`.

    An abandoned walk sends no more requests, and its late result is dropped.

    :param on_end: receives a walk and its result, or the exception that ended it, while `lock` is held.
        The exception is `WalkLostError` if the walk hung or got no thread.
    :param spawn: starts the thread of a walk.
    :param after_end: called after `on_end`, in the walk's thread, while `lock` is not held.
    """

    def __init__(
        self,
        on_end: Callable[[RunningWalk, Result | BaseException], None],
        spawn: Spawn,
        after_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.lock = threading.Condition()
        """Held by every caller; notified when a walk ends."""
        self.running: RunningWalk | None = None
        self._abandoned = 0
        self._on_end = on_end
        self._spawn = spawn
        self._after_end = after_end
        self._waits_ended = False

    def __repr__(self) -> str:
        return f"WalkRunner(running={self.running}, abandoned={self._abandoned})"

    @property
    def is_free(self) -> bool:
        """Whether a walk may start."""
        return self.running is None and self._abandoned < MAX_ABANDONED

    def start(self, walk: RunningWalk, work: Callable[[], Result]) -> None:
        """Start a walk. It ends with `WalkLostError` at once if the system allows no more threads.

        :param work: walks and returns the result; called in the walk's thread.
        """
        self.running = walk
        try:
            self._spawn(partial(self._run, walk, work))
        except (RuntimeError, MemoryError) as error:
            self._end(walk, WalkLostError(f"cannot start a thread: {error}"))

    def abandon_hung(self, now: float) -> None:
        """End the running walk with `WalkLostError` if it has hung by `now` (monotonic seconds)."""
        walk = self.running
        if walk is not None and now - walk.began > walk.hang_limit:
            walk.cancel()
            self._abandoned += 1
            self._end(walk, WalkLostError(f"the walk did not end within {format_duration(walk.hang_limit)}"))

    def wait_for(
        self, walk: RunningWalk, seconds: float, is_cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        """Wait until a walk ends, for at most `seconds`.

        :param is_cancelled: whether the wait should end now; notify `lock` when that becomes true.
        """
        self.lock.wait_for(
            lambda: self._waits_ended or walk.ended.is_set() or is_cancelled(), timeout=seconds
        )

    def end_waits(self) -> None:
        """Let all calls of `wait_for` return at once, now and from now on."""
        self._waits_ended = True
        self.lock.notify_all()

    def _run(self, walk: RunningWalk, work: Callable[[], Result]) -> None:
        result: Result | BaseException
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - the next walk must start after any error
            result = error
        with self.lock:
            if walk is self.running:
                self._end(walk, result)
            else:
                self._abandoned -= 1
        del result  # its traceback would keep this frame, and with it every page
        self._after_end()

    def _end(self, walk: RunningWalk, result: Result | BaseException) -> None:
        self.running = None
        try:
            self._on_end(walk, result)
        finally:
            walk.ended.set()
            self.lock.notify_all()


def thread_starter(name: str) -> Spawn:
    """Return a function that starts daemon threads of this name."""
    return lambda work: threading.Thread(target=work, name=name, daemon=True).start()
