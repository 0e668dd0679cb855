"""The log of how walks end: one line where that changes, however long an outage lasts."""

from structlog.typing import FilteringBoundLogger

from exporter.errors import ApiError
from exporter.results import Snapshot, WalkStats
from exporter.target.walk import WalkOutcome


class WalkLog:
    """Logs how one target's walks end."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._logged: tuple[object, ...] | None = None

    def note(self, ended: WalkOutcome | BaseException) -> None:
        """Log how a walk ended if the one before ended differently; an unexpected exception each time."""
        if isinstance(ended, BaseException):
            self._is_news((type(ended),))
            self._log.error("unexpected error while walking the API", exc_info=ended)
        elif isinstance(ended.result, ApiError):
            self._log_failure(ended.result)
        else:
            self._log_success(ended.result, ended.stats)

    def _log_success(self, snapshot: Snapshot, stats: WalkStats) -> None:
        if self._is_news(()):
            self._log.info(
                "walks succeed",
                backups=snapshot.summary.backups,
                pages=stats.pages,
                seconds=round(stats.seconds, 3),
            )

    def _log_failure(self, error: ApiError) -> None:
        if self._is_news((error.reason, error.status)):
            self._log.warning(
                "walks fail",
                reason=error.reason.value,
                status=error.status,
                message=error.message,
                request_id=error.request_id,
            )

    def _is_news(self, outcome: tuple[object, ...]) -> bool:
        """Say whether walks end otherwise than before."""
        known, self._logged = self._logged, outcome
        return known != outcome
