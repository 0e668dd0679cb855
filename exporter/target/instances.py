"""The list of instances: walked now and then, and beside the backups, so that its failures stay its own."""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Literal

from structlog.typing import FilteringBoundLogger

from exporter.api import ApiClient
from exporter.api.decode import INSTANCES
from exporter.errors import ApiError, Reason
from exporter.records import Instance
from exporter.results import WalkResult
from exporter.target.running_walk import RunningWalk, WalkSlot
from exporter.walk import PageSize, walk

EVERY: Final = 600.0  # seconds that a good list lasts
EVERY_WALKS: Final = 12  # walks of the backups that it lasts, where the API's budget makes those rare
NOT_FOR_US: Final = frozenset({403, 404})
Mode = Literal["auto", "on", "off"]
Wait = Callable[[float], None]
"""Wait for what runs beside us, for some seconds at most."""


def run_beside(work: Callable[[], None]) -> Wait:
    """Run `work` in a thread of its own; raise `RuntimeError` where none can be started."""
    thread = threading.Thread(target=work, name="instances", daemon=True)
    thread.start()
    return thread.join


class ListState:
    """What is known of the list between its walks: a small machine, without threads and without a clock.

    `listed` is the last good list. `well` and `error` say how the last walk ended. Two results cannot be
    judged alone, and wait for a complete walk of the backups (`settle`): an empty list, which is not believed
    while backups exist, and a refusal, which may mean that the credential is wrong altogether.
    """

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self.is_on = mode != "off"
        self.listed: Mapping[str, Instance] | None = None
        self.well: bool | None = None
        self.error: ApiError | None = None
        self._is_empty = False

    def succeed(self, listed: Mapping[str, Instance]) -> None:
        """Take a complete list into use; an empty one once it is settled."""
        self._is_empty = not listed
        if listed:
            self._accept(listed)

    def fail(self, error: ApiError) -> None:
        """Keep the last good list."""
        self._is_empty = False
        self.well, self.error = False, error

    def settle(self, *, has_backups: bool) -> None:
        """Judge an empty list and a refusal by a walk of the backups that was complete."""
        if has_backups and (self._is_empty or self.listed == {}):
            self.listed = self.listed or None
            text = "the API lists no instances although there are backups: the empty list is not used"
            self.fail(ApiError(Reason.BAD_RESPONSE, text))
        elif self._is_empty:
            self._accept({})
        elif self.error and self.error.status in NOT_FOR_US and self.listed is None and self._mode == "auto":
            self.is_on, self.well = False, None

    def turn_on(self) -> None:
        """Forget a refusal: the credential may have been given the right to the list."""
        self.is_on, self.error = self._mode != "off", None

    @property
    def is_good(self) -> bool:
        """Whether the last walk brought a whole list; an empty one may still wait to be settled."""
        return self._is_empty or self.well is True

    def _accept(self, listed: Mapping[str, Instance]) -> None:
        self._is_empty = False
        self.listed, self.well, self.error = listed, True, None


class InstanceList:
    """Walks one target's list of instances where that is due. Safe for threads."""

    def __init__(
        self,
        api: ApiClient,
        mode: Mode,
        log: FilteringBoundLogger,
        *,
        run: Callable[[Callable[[], None]], Wait] = run_beside,
    ) -> None:
        self._api = api
        self._log = log
        self._run = run
        self._state = ListState(mode)
        self._lock = threading.Lock()
        self._page_size = PageSize()
        self._good_until = 0.0
        self._slot = WalkSlot()

    @property
    def is_on(self) -> bool:
        """Whether the list is walked at all."""
        return self._state.is_on

    @property
    def listed(self) -> Mapping[str, Instance] | None:
        """The last good list, by id; `None` where there is none."""
        return self._state.listed

    @property
    def well(self) -> bool | None:
        """Whether the last walk brought a good list; `None` before the first, and where it is off."""
        return self._state.well

    @property
    def error(self) -> ApiError | None:
        """Why the last walk brought no good list."""
        return self._state.error

    def refresh(self, seconds: float, next_walk: int) -> Wait:
        """Begin a walk of `seconds` at most, if one is due and none under way; return how to wait for it.

        A good list lasts; a failed one is walked again with the next walk of the backups. `next_walk` is what
        such a walk costs, which comes first in the budget.
        """
        running = self._begin(seconds)
        if running is None:
            return _no_wait
        lasts = max(EVERY, EVERY_WALKS * self._api.budget.pace(next_walk))
        try:
            return self._run(partial(self._walk, seconds, running, running.began + lasts))
        except (RuntimeError, MemoryError) as error:  # the system gives no thread: the next walk tries again
            self._end(running, ApiError(Reason.TIMEOUT, f"cannot start a thread to list instances: {error}"))
            return _no_wait

    def settle(self, *, has_backups: bool) -> None:
        """Judge what cannot be judged alone by a walk of the backups that was complete."""
        with self._lock:
            if self._slot.running is None:  # else its result belongs to a walk that is not over yet
                self._state.settle(has_backups=has_backups)

    def retry(self) -> None:
        """Forget that the list was refused."""
        with self._lock:
            self._state.turn_on()

    def _begin(self, seconds: float) -> RunningWalk | None:
        """Begin a walk if one is due and none under way; one that hangs is no longer under way."""
        now = self._api.clock.monotonic()
        with self._lock:
            if self._slot.abandon_overdue(now):
                self._state.fail(ApiError(Reason.TIMEOUT, "the walk of the list hangs"))
            if not self._state.is_on or self._is_fresh(now) or not self._slot.is_free:
                return None
            running = RunningWalk(now, seconds, self._api.budget)
            self._slot.begin(running)
            return running

    def _is_fresh(self, now: float) -> bool:
        return self._state.is_good and now < self._good_until

    def _walk(self, seconds: float, running: RunningWalk, good_until: float) -> None:
        ended: WalkResult[Instance] | ApiError
        try:
            client = self._api.client(seconds)
            running.follow(client)
            ended = _whole(walk(partial(client.page, INSTANCES), self._page_size))
        except ApiError as error:
            ended = error
        except BaseException as error:  # noqa: BLE001 - whatever ends this walk, the next one must begin
            self._log.error("unexpected error while listing instances", exc_info=error)
            ended = ApiError(Reason.BAD_RESPONSE, f"unexpected error: {type(error).__name__}")
        self._end(running, ended, good_until)

    def _end(
        self, running: RunningWalk, ended: WalkResult[Instance] | ApiError, good_until: float = 0.0
    ) -> None:
        """Take in how a walk ended, unless it was abandoned."""
        with self._lock:
            if not self._slot.end(running):
                return
            if isinstance(ended, ApiError):
                self._state.fail(ended)
            else:
                self._good_until = good_until
                self._state.succeed(ended.records)


def _no_wait(_: float) -> None:
    """Wait for nothing."""


def _whole(walked: WalkResult[Instance]) -> WalkResult[Instance]:
    """Return a list that has every instance, or raise: what it lacks would read as deleted."""
    if walked.malformed:
        text = f"{walked.malformed} instances are malformed; the first: {walked.first_malformed}"
        raise ApiError(Reason.BAD_RESPONSE, text)
    if walked.reported is not None and walked.reported > len(walked.records):
        text = f"the API reports {walked.reported} instances but lists {len(walked.records)}"
        raise ApiError(Reason.BAD_RESPONSE, text)
    return walked
