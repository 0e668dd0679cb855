"""Ends of walks, made by hand."""

from exporter.errors import ApiError, Reason
from exporter.results import Snapshot, Summary, WalkStats
from exporter.target import WalkOutcome


def complete(completed_at: float = 0.0, *, seconds: float = 1.0, requests: int = 1) -> WalkOutcome:
    """Make the outcome of a complete walk of no backups.

    :param completed_at: Unix time
    """
    summary = Summary(groups=(), backups=0, unknown_statuses=(), largest_size=None)
    snapshot = Snapshot(summary=summary, duplicates=0, malformed=0, reported=None, completed_at=completed_at)
    return WalkOutcome(WalkStats(seconds=seconds, pages=requests, requests=requests), result=snapshot)


def failed(
    reason: Reason = Reason.SERVER_ERROR, *, status: int | None = None, request_id: str | None = None
) -> WalkOutcome:
    """Make the outcome of a walk that failed after a second."""
    error = ApiError(reason, "no luck", status=status, request_id=request_id)
    return WalkOutcome(WalkStats(seconds=1.0, pages=0, requests=1), result=error)
