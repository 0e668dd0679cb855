"""The landing page: the health of each target, and the databases at risk, worst first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from exporter.backups.advice import RUNBOOKS_URL
from exporter.results import DataWarning, TargetStatus
from exporter.web.database_rows import DatabaseRow, has_teams, worst_first
from exporter.web.target_view import TargetHealth, TargetView, target_view
from exporter.web.templating import render

MAX_ROWS: Final = 100  # in each table; `check --output=json` and the metrics have all databases
FEWEST_ROWS: Final = 5  # of each outdated target, however many there are
MOST_OPEN: Final = 30  # databases that are not at risk; a longer list is collapsed
REFRESH_SECONDS: Final = 60


class Counts(Struct, frozen=True):
    """How many databases are in which state.

    :param ok: with an objective that is met by the data of a current walk.
    """

    known: int
    ok: int
    without_objective: int
    outdated: int


class Overview(Struct, frozen=True):
    """What the page shows of all targets."""

    targets: Sequence[TargetView]

    @property
    def failing(self) -> list[TargetView]:
        """The targets whose last walk failed."""
        return [target for target in self.targets if target.health is TargetHealth.FAILING]

    @property
    def outdated(self) -> list[TargetView]:
        """The targets whose last complete walk is too old for metrics."""
        return [target for target in self.targets if target.is_outdated]

    @property
    def outdated_rows(self) -> int:
        """How many databases the page shows of each outdated target."""
        return max(FEWEST_ROWS, MAX_ROWS // max(1, len(self.outdated)))

    @property
    def at_risk(self) -> list[DatabaseRow]:
        """The databases at risk, worst first."""
        return worst_first(self._current)

    @property
    def healthy(self) -> list[DatabaseRow]:
        """The databases that are not at risk."""
        return [row for row in self._current if not row.risk]

    @property
    def has_teams(self) -> bool:
        """Whether any database has the label of a team."""
        return any(has_teams(target.rows) for target in self.targets)

    @property
    def counts(self) -> Counts:
        """How many databases are in which state."""
        rated = [row for row in self._current if row.has_objective]
        return Counts(
            known=sum(len(target.rows) for target in self.targets),
            ok=sum(row.risk is None for row in rated),
            without_objective=sum(not row.has_objective for row in self._current),
            outdated=sum(len(target.rows) for target in self.outdated),
        )

    @property
    def data_warnings(self) -> list[tuple[str, DataWarning]]:
        """The warnings, each with the name of its target."""
        return [(target.name, warning) for target in self.targets for warning in target.data_warnings]

    @property
    def notes(self) -> list[tuple[str, str]]:
        """The notes, each with the name of its target."""
        return [(target.name, note) for target in self.targets for note in target.notes]

    @property
    def targets_without_data(self) -> int:
        """The number of targets without a current snapshot."""
        return sum(target.status.result.snapshot is None for target in self.targets)

    @property
    def _current(self) -> Iterator[DatabaseRow]:
        return (row for target in self.targets if not target.is_outdated for row in target.rows)


def landing_page(statuses: Mapping[str, TargetStatus], telemetry_path: str, now: float) -> str:
    """Return the page as HTML.

    :param statuses: of each target, by name.
    :param telemetry_path: the path of the metrics, to link to.
    :param now: Unix seconds.
    """
    targets = [target_view(name, status, now) for name, status in statuses.items()]
    return render(
        "index.html",
        telemetry_path=telemetry_path,
        now=now,
        overview=Overview(sorted(targets, key=lambda target: target.health)),
        max_rows=MAX_ROWS,
        most_open=MOST_OPEN,
        refresh_seconds=REFRESH_SECONDS,
        runbooks_url=RUNBOOKS_URL,
    )
