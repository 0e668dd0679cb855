"""The list of instances: walked now and then, and on its own, so that its failures stay its own."""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Literal

from structlog.typing import FilteringBoundLogger

from exporter.client import Api
from exporter.decode import INSTANCES
from exporter.errors import ApiError
from exporter.model import Instance
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
        self._busy = threading.Lock()

    def refresh(self, seconds: float, next_walk: int) -> Wait:
        """Begin a walk of `seconds` at most, if one is due and none under way; return how to wait for it.

        `next_walk` is what a walk of the backups costs, which comes first in the budget.
        """
        if not self.is_on or self._api.clock.now() < self._due or not self._busy.acquire(blocking=False):
            return lambda _: None
        self._due = self._api.clock.now() + max(EVERY, EVERY_WALKS * self._api.budget.pace(next_walk))
        return self._run(lambda: self._walk(seconds))

    def retry(self) -> None:
        """Forget that the list was refused: the credential may have been given the right to it."""
        if self._mode != "off" and not self.is_on:
            self.is_on, self._due = True, 0.0

    def _walk(self, seconds: float) -> None:
        try:
            client = self._api.client(seconds)
            walked = walk(partial(client.page, INSTANCES), self._page_size)
            self.listed = walked.records
            self._note(None)
        except ApiError as error:
            self._note(error)
        finally:
            self._busy.release()

    def _note(self, error: ApiError | None) -> None:
        """Take in how the walk ended; a refusal at first means that this credential may not list them."""
        self.error = error
        if error and self.listed is None and error.status in NOT_FOR_US and not self._is_demanded:
            self.is_on = False
            self._log.debug("instances are not listed again before a reload", status=error.status)
            return
        self.well = error is None
