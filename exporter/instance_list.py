"""The list of instances: walked now and then, and on its own, so that its failures stay its own."""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Literal

from structlog.typing import FilteringBoundLogger

from exporter.client import Api
from exporter.decode import INSTANCES
from exporter.errors import ApiError, Reason
from exporter.model import Instance
from exporter.running_walk import RunningWalk, WalkSlot
from exporter.walker import PageSize, walk

EVERY: Final = 600.0  # seconds between two walks, whether they succeed or not
EVERY_WALKS: Final = 12  # walks of the backups between them, where the API's budget makes those rare
NOT_FOR_US: Final = frozenset({403, 404})
Wait = Callable[[float], None]
"""Wait for what runs beside us, for some seconds at most."""


def run_beside(work: Callable[[], None]) -> Wait:
    """Run `work` in a thread of its own."""
    thread = threading.Thread(target=work, name="instances", daemon=True)
    thread.start()
    return thread.join


class InstanceList:
    """The last good list of one target's instances. `well` says how the last walk of it ended."""

    def __init__(
        self,
        api: Api,
        mode: Literal["auto", "on", "off"],
        log: FilteringBoundLogger,
        *,
        run: Callable[[Callable[[], None]], Wait] = run_beside,
    ) -> None:
        self._mode = mode
        self.is_on = mode != "off"
        self.listed: Mapping[str, Instance] | None = None
        self.well: bool | None = None
        self.error: ApiError | None = None
        self._api = api
        self._is_demanded = mode == "on"
        self._log = log
        self._run = run
        self._page_size = PageSize()
        self._due = 0.0
        self._slot = WalkSlot()
        self._lock = threading.Lock()

    def refresh(self, seconds: float, next_walk: int) -> Wait:
        """Begin a walk of `seconds` at most, if one is due and none under way; return how to wait for it.

        `next_walk` is what a walk of the backups costs, which comes first in the budget.
        """
        running = self._begin(seconds)
        if running is None:
            return lambda _: None
        self._due = self._api.clock.now() + max(EVERY, EVERY_WALKS * self._api.budget.pace(next_walk))
        try:
            return self._run(lambda: self._walk(seconds, running))
        except (RuntimeError, MemoryError) as error:  # the system gives no thread: the next walk tries again
            self._due = 0.0
            self._end(running, ApiError(Reason.TIMEOUT, f"cannot start a thread to list instances: {error}"))
            return lambda _: None

    def _begin(self, seconds: float) -> RunningWalk | None:
        """Begin a walk if one is due and none under way; one that hangs is no longer under way."""
        now = self._api.clock.monotonic()
        with self._lock:
            if self._slot.abandon_overdue(now):
                self._note(ApiError(Reason.TIMEOUT, "the walk of the list hangs"))
            if not self.is_on or self._api.clock.now() < self._due or not self._slot.is_free:
                return None
            running = RunningWalk(now, seconds, self._api.budget)
            self._slot.begin(running)
            return running

    def retry(self) -> None:
        """Forget that the list was refused: the credential may have been given the right to it."""
        if self._mode != "off" and not self.is_on:
            self.is_on, self._due = True, 0.0

    def _walk(self, seconds: float, running: RunningWalk) -> None:
        ended: Mapping[str, Instance] | ApiError
        try:
            client = self._api.client(seconds)
            running.follow(client)
            ended = walk(partial(client.page, INSTANCES), self._page_size).records
        except ApiError as error:
            ended = error
        except BaseException as error:  # noqa: BLE001 - whatever ends this walk, the next one must begin
            self._log.error("unexpected error while listing instances", exc_info=error)
            ended = ApiError(Reason.BAD_RESPONSE, f"unexpected error: {type(error).__name__}")
        self._end(running, ended)

    def _end(self, running: RunningWalk, ended: Mapping[str, Instance] | ApiError) -> None:
        """Take in how a walk ended, unless it was abandoned."""
        with self._lock:
            if not self._slot.end(running):
                return
            if isinstance(ended, ApiError):
                self._note(ended)
            else:
                self.listed = ended
                self._note(None)

    def _note(self, error: ApiError | None) -> None:
        """Take in how the walk ended; a refusal at first means that this credential may not list them."""
        self.error = error
        if error and self.listed is None and error.status in NOT_FOR_US and not self._is_demanded:
            self.is_on = False
            self._log.debug("instances are not listed again before a reload", status=error.status)
            return
        self.well = error is None
