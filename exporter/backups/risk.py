"""Which databases are at risk, the worst first, and what is wrong with their backups."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Final

from msgspec import Struct

from exporter.durations import format_duration
from exporter.moments import seconds_since
from exporter.results import DatabaseAssessment


class Problem(IntEnum):
    """What is wrong with a database's backups, the worst first."""

    NO_RESTORABLE_BACKUP = 0
    OVER_OBJECTIVE = 1
    CHAIN_BROKEN = 2
    LAST_ATTEMPT_FAILED = 3
    RUNS_TOO_LONG = 4
    FULL_TOO_OLD = 5
    CHAIN_TOO_LONG = 6
    GAP_TOO_LONG = 7


class Risk(Struct, frozen=True):
    """One database at risk.

    :param now: when the problems were found, in Unix seconds.
    :param problems: at least one, the worst first.
    """

    database: DatabaseAssessment
    now: float
    problems: tuple[Problem, ...]

    @property
    def instance_id(self) -> str:
        """The instance's id."""
        return self.database.instance_id

    @property
    def instance_name(self) -> str | None:
        """The instance's name; `None` if no name is known."""
        return self.database.instance_name

    @property
    def datastore_type(self) -> str:
        """Such as `postgresql`."""
        return self.database.datastore_type

    @property
    def name(self) -> str:
        """The instance's name, or its id if no name is known."""
        return self.database.name

    @property
    def team(self) -> str | None:
        """The label `team`; `None` without one."""
        return dict(self.database.labels).get("team")

    @property
    def age(self) -> float | None:
        """Seconds since the newest restorable backup was created; `None` if nothing can be restored."""
        return seconds_since(self.database.restorable_newest_timestamp, self.now)

    @property
    def objective_age(self) -> float | None:
        """The greatest `age` that the objective allows, in seconds."""
        return self.database.objective.age

    @property
    def running_for(self) -> float | None:
        """Seconds since the oldest running backup was created; `None` if none is running."""
        return seconds_since(self.database.running_oldest_timestamp, self.now)


def risks(assessments: Iterable[DatabaseAssessment], now: float) -> list[Risk]:
    """Return the databases at risk, by `severity`. A database without an objective is never at risk.

    :param assessments: all databases of a snapshot, in any order.
    :param now: Unix seconds.
    """
    candidates = (Risk(database, now, problems(database, now)) for database in assessments)
    return sorted((risk for risk in candidates if risk.problems), key=severity)


def severity(risk: Risk) -> tuple[Problem, float, str]:
    """Return the sort key of a risk: by its worst problem, then the oldest first, then by name."""
    return risk.problems[0], -(risk.age or 0.0), risk.name


def describe_age(risk: Risk) -> str:
    """Return the age of the newest restorable backup: `3d 4h ago`, or `never` without one."""
    return "never" if risk.age is None else f"{format_duration(risk.age)} ago"


def describe(risk: Risk) -> str:
    """Return the problems as text, the worst first: `broken chain, last attempt failed`."""
    return ", ".join(_WORDS[problem](risk) for problem in risk.problems)


def problems(database: DatabaseAssessment, now: float) -> tuple[Problem, ...]:
    """Return what is wrong with a database's backups, the worst first: what its objective does not allow.

    :param now: Unix seconds.
    """
    return tuple(sorted((*_age_problems(database, now), *_other_problems(database, now))))


def _age_problems(database: DatabaseAssessment, now: float) -> Iterator[Problem]:
    """Yield the problems of a database that must have backups."""
    if not database.objective.needs_backups:
        return
    age = seconds_since(database.restorable_newest_timestamp, now)
    if age is None:
        yield Problem.NO_RESTORABLE_BACKUP
    elif _is_over(age, database.objective.age):
        yield Problem.OVER_OBJECTIVE
    if _is_chain_broken(database):
        yield Problem.CHAIN_BROKEN
    if database.last_attempt_failed:
        yield Problem.LAST_ATTEMPT_FAILED


def _other_problems(database: DatabaseAssessment, now: float) -> Iterator[Problem]:
    objective, gap = database.objective, database.largest_gap(now)
    if _is_over(seconds_since(database.running_oldest_timestamp, now), objective.duration):
        yield Problem.RUNS_TOO_LONG
    if _is_over(seconds_since(database.newest_full_timestamp, now), objective.full_age):
        yield Problem.FULL_TOO_OLD
    if _is_over(database.newest_chain_length, objective.chain_length):
        yield Problem.CHAIN_TOO_LONG
    if _is_over(gap.seconds if gap else None, objective.gap):
        yield Problem.GAP_TOO_LONG


def _is_chain_broken(database: DatabaseAssessment) -> bool:
    """Whether the newest usable backup cannot be restored, and waiting for a running parent will not help."""
    broken = database.chain.broken if database.chain else None
    return broken is not None and broken.reason != "parent_running"


def _is_over(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit


def _full_age_words(risk: Risk) -> str:
    age = seconds_since(risk.database.newest_full_timestamp, risk.now)
    return f"newest full backup {format_duration(age or 0.0)} ago"


def _gap_words(risk: Risk) -> str:
    gap = risk.database.largest_gap(risk.now)
    return f"gap of {format_duration(gap.seconds if gap else 0.0)}"


_WORDS: Final[Mapping[Problem, Callable[[Risk], str]]] = {
    Problem.NO_RESTORABLE_BACKUP: lambda _: "no restorable backup",
    Problem.OVER_OBJECTIVE: lambda risk: f"older than {format_duration(risk.objective_age or 0.0)}",
    Problem.CHAIN_BROKEN: lambda _: "broken chain",
    Problem.LAST_ATTEMPT_FAILED: lambda _: "last attempt failed",
    Problem.RUNS_TOO_LONG: lambda risk: (
        f"a backup has been running for {format_duration(risk.running_for or 0.0)}"
    ),
    Problem.FULL_TOO_OLD: _full_age_words,
    Problem.CHAIN_TOO_LONG: lambda risk: f"chain of {risk.database.newest_chain_length} backups",
    Problem.GAP_TOO_LONG: _gap_words,
}
