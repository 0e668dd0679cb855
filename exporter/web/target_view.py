"""One target on the landing page: its health, its databases and what was noticed about its data."""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Final

from msgspec import Struct

from exporter.errors import Reason
from exporter.moments import seconds_since
from exporter.results import DataWarning, Snapshot, TargetStatus
from exporter.web.database_rows import DatabaseRow, database_rows
from exporter.wording import count

RUNBOOKS: Final[Mapping[str | None, str]] = {
    Reason.AUTH: "ByCloudApiAuthFailed",
    Reason.FORBIDDEN: "ByCloudApiAuthFailed",
    Reason.RATE_LIMITED: "ByCloudApiRateLimited",
}
"""The runbook of a failure, if it has one of its own."""
OTHER_RUNBOOK: Final = "ByCloudScrapeFailing"


class TargetHealth(IntEnum):
    """The health of a target, worst first. The style sheet has a color for each name."""

    FAILING = 0
    PENDING = 1
    OK = 2


class TargetView(Struct, frozen=True):
    """What the page shows of one target.

    :param rows: its databases, those at risk first.
    :param snapshot_age: seconds since the last complete walk; `None`: there was none.
    """

    name: str
    status: TargetStatus
    rows: Sequence[DatabaseRow]
    snapshot_age: float | None

    @property
    def health(self) -> TargetHealth:
        """Whether the last walk was complete."""
        if self.status.result.last_walk is None:
            return TargetHealth.PENDING
        return TargetHealth.OK if self.status.result.up else TargetHealth.FAILING

    @property
    def is_outdated(self) -> bool:
        """Whether the last complete walk is too old for metrics."""
        return self.status.is_outdated

    @property
    def reason(self) -> str:
        """Why it fails."""
        return self.status.result.failure or "unexpected error, see the log"

    @property
    def cause(self) -> str:
        """Why it fails, in the words of the error."""
        outage = self.status.outage
        return ": ".join(filter(None, (outage.reason, outage.message))) if outage else self.reason

    @property
    def runbook(self) -> str:
        """The name of the runbook for its failure."""
        return RUNBOOKS.get(self.status.result.failure, OTHER_RUNBOOK)

    @property
    def data_warnings(self) -> Sequence[DataWarning]:
        """What looks wrong in the snapshot."""
        return self.status.snapshot.data_warnings if self.status.snapshot else ()

    @property
    def notes(self) -> list[str]:
        """What the snapshot leaves out or takes for granted because of the configuration."""
        return list(_notes(self.status.snapshot)) if self.status.snapshot else []

    @property
    def backups(self) -> int | None:
        """The number of backups; `None` without a snapshot."""
        return self.status.snapshot.backups if self.status.snapshot else None

    @property
    def databases(self) -> int | None:
        """The number of known databases; `None` without a snapshot."""
        return len(self.rows) if self.status.snapshot else None

    @property
    def databases_at_risk(self) -> int | None:
        """The number of databases at risk; `None` without a current snapshot."""
        return sum(row.risk is not None for row in self.rows) if self.status.result.snapshot else None


def target_view(name: str, status: TargetStatus, now: float) -> TargetView:
    """Return what the page shows of one target. What is outdated is judged by the time of its walk.

    :param now: Unix seconds.
    """
    snapshot, age = status.snapshot, seconds_since(status.result.last_success, now)
    if snapshot is None:
        return TargetView(name, status, (), age)
    rows = database_rows(name, snapshot.assessments, status.as_of(now), is_outdated=status.is_outdated)
    return TargetView(name, status, rows, age)


def _notes(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.excluded:
        yield f"{count(snapshot.excluded, 'backup')} left out by the setting `exclude`"
