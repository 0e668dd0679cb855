"""One database in a table of the landing page."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from exporter.backups.advice import ADVICE
from exporter.backups.risk import Risk, describe, risks, severity
from exporter.moments import seconds_since
from exporter.results import AppliedObjective, DatabaseAssessment

TEAM: Final = "team"
"""The label that the page shows in a column."""
NEAR: Final = 0.75  # of the objective: from here on an age is marked


class ProblemView(Struct, frozen=True):
    """What is wrong with a database, and the name of its runbook."""

    text: str
    runbook: str


class DatabaseRow(Struct, frozen=True):
    """What a table shows of one database.

    :param age: seconds since the newest restorable backup was created; `None` without one.
    :param risk: `None` if it is not at risk.
    :param is_outdated: whether the walk that found it is too old for metrics.
    """

    target: str
    database: DatabaseAssessment
    age: float | None
    risk: Risk | None
    is_outdated: bool

    @property
    def name(self) -> str:
        """Its name, or its id if no name is known."""
        return self.database.name

    @property
    def team(self) -> str | None:
        """Who owns it; `None` if no label says."""
        return dict(self.database.labels).get(TEAM)

    @property
    def objective(self) -> float | None:
        """How old its newest restorable backup may be, in seconds."""
        return self.database.objective.age

    @property
    def has_objective(self) -> bool:
        """Whether anything is required of its backups, be it their age or something else."""
        return self.database.objective != AppliedObjective()

    @property
    def multiple(self) -> float | None:
        """The age as a multiple of the objective; `None` if there is no age or no objective."""
        return self.age / self.objective if self.age is not None and self.objective else None

    @property
    def level(self) -> str:
        """How the age compares with the objective. The style sheet has a color for all but `unrated`."""
        if self.objective is None or self.is_outdated:
            return "unrated"
        if self.age is None or self.age > self.objective:
            return "bad"
        return "near" if self.age >= NEAR * self.objective else "good"

    @property
    def problems(self) -> list[ProblemView]:
        """Its problems, the worst first."""
        return problem_views(self.risk) if self.risk else []


def problem_views(risk: Risk) -> list[ProblemView]:
    """Return each problem in words, the worst first."""
    return [
        ProblemView(describe(replace(risk, problems=(problem,))), ADVICE[problem].runbook)
        for problem in risk.problems
    ]


def database_rows(
    target: str, databases: Iterable[DatabaseAssessment], now: float, *, is_outdated: bool
) -> list[DatabaseRow]:
    """Return the databases of a target: those at risk in the order of severity, then the others by name.

    :param now: Unix seconds; of the walk that found them if that is outdated.
    """
    known = tuple(databases)
    at_risk = {risk.instance_id: risk for risk in risks(known, now)}
    rows = [
        DatabaseRow(
            target,
            database,
            seconds_since(database.restorable_newest_timestamp, now),
            at_risk.get(database.instance_id),
            is_outdated=is_outdated,
        )
        for database in known
    ]
    return sorted(rows, key=_order)


def worst_first(rows: Iterable[DatabaseRow]) -> list[DatabaseRow]:
    """Return the databases at risk, by severity."""
    return sorted((row for row in rows if row.risk), key=_order)


def has_teams(rows: Sequence[DatabaseRow]) -> bool:
    """Whether any database has the label of a team."""
    return any(row.team for row in rows)


def _order(row: DatabaseRow) -> tuple[bool, tuple[int, float, str], str]:
    return row.risk is None, severity(row.risk) if row.risk else (0, 0.0, row.name), row.database.instance_id
