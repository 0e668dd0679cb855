"""What the pages know of targets, made by hand or by scrapers."""

from msgspec.structs import replace

from exporter.results import DatabaseAssessment, Outage, TargetStatus
from exporter.target import Scraper
from tests.support.scrape_results import NOW, OK, SNAPSHOT

SINCE = NOW - 7200
OUTAGE = Outage(SINCE, "auth", "HTTP 401: the API refuses the <key>", "req-4711")
NEVER_WALKED = TargetStatus(
    replace(OK, up=False, failure="timeout", last_walk=None, snapshot=None, last_success=None), None, None
)


def current(*databases: DatabaseAssessment) -> TargetStatus:
    """Return the status of a target whose last walk was complete and found these databases."""
    snapshot = replace(SNAPSHOT, assessments=databases)
    return TargetStatus(replace(OK, snapshot=snapshot), snapshot, None)


def failing(*databases: DatabaseAssessment, outage: Outage | None = OUTAGE) -> TargetStatus:
    """Return the status of a target that fails, but whose snapshot is recent enough for metrics."""
    snapshot = replace(SNAPSHOT, assessments=databases)
    reason = outage.reason if outage else None
    return TargetStatus(replace(OK, up=False, failure=reason, snapshot=snapshot), snapshot, outage)


def outdated(*databases: DatabaseAssessment) -> TargetStatus:
    """Return the status of a target that has failed for so long that only people see its snapshot."""
    status = failing(*databases)
    assert status.snapshot is not None
    snapshot = replace(status.snapshot, completed_at=SINCE)
    return TargetStatus(replace(status.result, snapshot=None, last_success=SINCE), snapshot, OUTAGE)


def failing_from_the_start() -> TargetStatus:
    """Return the status of a target without any complete walk."""
    return TargetStatus(replace(OK, up=False, failure="auth", snapshot=None, last_success=None), None, OUTAGE)


def statuses_of(*scrapers: Scraper) -> dict[str, TargetStatus]:
    """Return the status of each target, by name."""
    return {scraper.target.name: scraper.status() for scraper in scrapers}
