"""The list of instances: walked in its own thread, so that its failures do not fail the backups' walk."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from structlog.typing import FilteringBoundLogger

from exporter.api import INSTANCES, ApiClient
from exporter.errors import ApiError, Reason
from exporter.records import Instance
from exporter.results import WalkResult
from exporter.target.instance_state import InstanceListState, Instances, Mode
from exporter.target.runner import Spawn, WalkRunner, thread_starter
from exporter.target.running_walk import RunningWalk
from exporter.walk import PageSize, walk

START_THREAD: Final = thread_starter("instances")
LIST_SECONDS: Final = 600.0  # how long a list is used before it is requested again
LIST_WALKS: Final = 12  # the same in walks of the backups, if the API's budget makes those rare


class InstanceList:
    """Walks one target's list of instances when it is due. Safe to use from many threads.

    :param mode: `off` never requests the list; `auto` stops once the API refuses it.
    :param spawn: starts the thread of a walk.
    """

    def __init__(
        self,
        api: ApiClient,
        mode: Mode,
        log: FilteringBoundLogger,
        *,
        spawn: Spawn = START_THREAD,
    ) -> None:
        self._api = api
        self._log = log
        self._state = InstanceListState(mode)
        self._runner = WalkRunner(self._end_walk, spawn)
        self._page_size = PageSize()
        self._fresh_until: float | None = None

    def __repr__(self) -> str:
        return f"InstanceList({self._state}, {self._runner})"

    @property
    def is_on(self) -> bool:
        """Whether the list is requested at all."""
        return self._state.current.is_on

    @property
    def listed(self) -> Mapping[str, Instance] | None:
        """The last complete list, by id; `None` without one."""
        return self._state.current.instances

    @property
    def ok(self) -> bool | None:
        """Whether the list is up to date; `None` before the first walk of it, and if it is not requested."""
        return self._state.current.ok

    @property
    def error(self) -> ApiError | None:
        """Why the last walk returned no complete list."""
        return self._state.current.error

    def start_if_due(self, seconds: float, reserved: int) -> RunningWalk | None:
        """Start a walk of at most `seconds` if the list is due and no walk of it is running; return the walk.

        A list is used for `LIST_SECONDS`; after a failure, the next call starts a walk again.

        :param reserved: requests that a walk of the backups needs.
        """
        now = self._api.clock.monotonic()
        with self._runner.lock:
            self._runner.abandon_hung(now)
            if not (self._state.current.is_on and self._runner.is_free) or self._is_fresh(now):
                return None
            pace = self._api.budget.pace(reserved)
            self._fresh_until = now + max(LIST_SECONDS, LIST_WALKS * pace)
            running = RunningWalk(now, seconds, self._api.budget)
            self._runner.start(running, partial(self._walk, seconds, running))
            return running

    def settle(self, *, has_backups: bool) -> None:
        """Accept or reject an empty list or a refusal after a complete walk of the backups.

        :param has_backups: whether that walk returned any backup.
        """
        with self._runner.lock:
            if self._runner.running is None:  # else the next walk of the backups settles its result
                self._state.settle(has_backups=has_backups)

    def forget_refusal(self) -> None:
        """Request the list again, even if the API has refused it."""
        with self._runner.lock:
            self._state.forget_refusal()

    def _is_fresh(self, now: float) -> bool:
        return self._state.is_listed and self._fresh_until is not None and now < self._fresh_until

    def _walk(self, seconds: float, running: RunningWalk) -> Instances:
        try:
            client = self._api.walk_client(seconds)
            running.attach(client)
            return complete_list(walk(partial(client.fetch_page, INSTANCES), self._page_size))
        except ApiError:
            raise
        except BaseException as error:
            self._log.error("unexpected error while listing instances", exc_info=error)
            raise

    def _end_walk(self, _: RunningWalk, result: Instances | BaseException) -> None:
        match result:
            case ApiError():
                self._state.fail(result.with_traceback(None))
            case BaseException():
                problem = f"unexpected error: {type(result).__name__}: see the log"
                self._state.fail(ApiError(Reason.BAD_RESPONSE, problem))
            case _:
                self._state.succeed(result)


def complete_list(walked: WalkResult[Instance]) -> Instances:
    """Return the instances of a complete list: a missing instance would count as deleted.

    :raises ApiError: `bad_response`, if records are malformed or fewer than the API reports.
    """
    if walked.malformed:
        problem = f"{walked.malformed} instances are malformed; the first: {walked.first_malformed}"
        raise ApiError(Reason.BAD_RESPONSE, problem)
    if walked.reported is not None and walked.reported > len(walked.records):
        problem = f"the API reports {walked.reported} instances but lists {len(walked.records)}"
        raise ApiError(Reason.BAD_RESPONSE, problem)
    return walked.records
