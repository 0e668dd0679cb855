"""The log of how one target's walks end: one line when that changes, however long an outage lasts."""

from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from msgspec import Struct
from structlog.typing import FilteringBoundLogger

from exporter.durations import format_duration
from exporter.errors import ApiError
from exporter.results import Snapshot, WalkStats
from exporter.target.outcome import WalkOutcome


class FailedWalks(Struct, frozen=True):
    """Failed walks in a row. `since` is when the first of them began, in monotonic seconds."""

    since: float
    walks: int

    def fields(self, now: float) -> dict[str, Any]:
        """Return the fields of the log line at `now`."""
        return {"failed_walks": self.walks, "failing_for": format_duration(now - self.since)}


class WalkLog:
    """Logs how walks end: `note` decides on a line and never blocks, `write` writes it and may block."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._lines: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._outage: FailedWalks | None = None
        self._last_noted: tuple[object, ...] = ()

    def __repr__(self) -> str:
        return f"WalkLog({self._outage})"

    def note(
        self, result: WalkOutcome | BaseException, *, began: float, now: float, serves_snapshot: bool
    ) -> None:
        """Decide what to log about a walk that ended at `now`.

        :param result: its outcome, or the unexpected exception that ended it.
        :param began: when it began; both times are monotonic seconds.
        :param serves_snapshot: whether scrapes still return the last snapshot.
        """
        if isinstance(result, BaseException):
            self._extend_outage(began)
            self._note_crash(result)
        elif isinstance(result.result, ApiError):
            outage = self._extend_outage(began)
            self._note_failure(result.result, outage, now, serves_snapshot=serves_snapshot)
        else:
            self._note_success(result.result, result.stats, now)
            self._outage = None

    def write(self) -> None:
        """Write the lines that were noted."""
        while True:
            try:
                write_line = self._lines.get_nowait()
            except Empty:
                return
            write_line()

    def _extend_outage(self, began: float) -> FailedWalks:
        outage = self._outage or FailedWalks(began, 0)
        self._outage = FailedWalks(outage.since, outage.walks + 1)
        return self._outage

    def _note_success(self, snapshot: Snapshot, stats: WalkStats, now: float) -> None:
        if not self._is_news("success"):
            return
        outage = self._outage
        self._lines.put(
            partial(
                self._log.info,
                "reading the backup list works again" if outage else "read the backup list",
                backups=snapshot.backups,
                pages=stats.pages,
                seconds=round(stats.seconds, 3),
                **(outage.fields(now) if outage else {}),
            )
        )

    def _note_failure(
        self, error: ApiError, outage: FailedWalks, now: float, *, serves_snapshot: bool
    ) -> None:
        if not self._is_news(error.reason, error.status, serves_snapshot):
            return
        self._lines.put(
            partial(
                self._log.warning,
                f"cannot read the backup list: {error.message}",
                reason=error.reason.value,
                status=error.status,
                request_id=error.request_id,
                serving="last snapshot" if serves_snapshot else "no backup metrics",
                **(outage.fields(now) if outage.walks > 1 else {}),
            )
        )

    def _note_crash(self, bug: BaseException) -> None:
        self._is_news(type(bug))
        event = "unexpected error while walking the API: scrapes return HTTP 500 until the next walk"
        self._lines.put(partial(self._log.error, event, exc_info=bug))

    def _is_news(self, *noted: object) -> bool:
        """Remember how a walk ended; return whether the one before it ended differently."""
        before, self._last_noted = self._last_noted, noted
        return before != noted
