"""Which databases are at risk, the worst first, and what is wrong with their backups."""

from collections.abc import Iterable, Iterator
from enum import IntEnum

from msgspec import Struct

from exporter.durations import format_age
from exporter.results import DatabaseAssessment


class Problem(IntEnum):
    """What is wrong with a database's backups, the worst first."""

    NO_RESTORABLE_BACKUP = 0
    OVER_OBJECTIVE = 1
    CHAIN_BROKEN = 2
    LAST_ATTEMPT_FAILED = 3
    RUNS_TOO_LONG = 4


class Risk(Struct, frozen=True):
    """One database at risk.

    :param age: seconds since the newest restorable backup was created; `None` if nothing can be restored.
    :param objective_age: the greatest `age` that its objective allows, in seconds.
    :param running_for: seconds since the oldest running backup was created; `None` if none is running.
    :param problems: at least one, the worst first.
    """

    instance_id: str
    instance_name: str | None
    datastore_type: str
    age: float | None
    objective_age: float | None
    running_for: float | None
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        """The instance's name, or its id if no name is known."""
        return self.instance_name or self.instance_id


def risks(assessments: Iterable[DatabaseAssessment], now: float) -> list[Risk]:
    """Return the databases at risk, by `severity`. A database without an objective is never at risk.

    :param assessments: all databases of a snapshot, in any order.
    :param now: Unix seconds.
    """
    candidates = (_risk(assessment, now) for assessment in assessments)
    return sorted((risk for risk in candidates if risk.problems), key=severity)


def severity(risk: Risk) -> tuple[Problem, float, str]:
    """Return the sort key of a risk: by its worst problem, then the oldest first, then by name."""
    return risk.problems[0], -(risk.age or 0.0), risk.name


def describe_age(risk: Risk) -> str:
    """Return the age of the newest restorable backup: `3d 4h ago`, or `never` without one."""
    return "never" if risk.age is None else f"{format_age(risk.age)} ago"


def describe(risk: Risk) -> str:
    """Return the problems as text, the worst first: `broken chain, last attempt failed`."""
    return ", ".join(_words(risk, problem) for problem in risk.problems)


def _risk(assessment: DatabaseAssessment, now: float) -> Risk:
    age = _seconds_since(assessment.newest_timestamp, now)
    running_for = _seconds_since(assessment.running_oldest_timestamp, now)
    return Risk(
        instance_id=assessment.instance_id,
        instance_name=assessment.instance_name,
        datastore_type=assessment.datastore_type,
        age=age,
        objective_age=assessment.objective.age,
        running_for=running_for,
        problems=tuple(_problems(assessment, age, running_for)),
    )


def _seconds_since(timestamp: float | None, now: float) -> float | None:
    """Return an age; 0 for a time in the future."""
    return None if timestamp is None else max(0.0, now - timestamp)


def _problems(
    assessment: DatabaseAssessment, age: float | None, running_for: float | None
) -> Iterator[Problem]:
    if assessment.objective.age is None:
        return
    if age is None:
        yield Problem.NO_RESTORABLE_BACKUP
    elif age > assessment.objective.age:
        yield Problem.OVER_OBJECTIVE
    if assessment.unrestorable:
        yield Problem.CHAIN_BROKEN
    if assessment.last_attempt_failed:
        yield Problem.LAST_ATTEMPT_FAILED
    if _is_over(running_for, assessment.objective.duration):
        yield Problem.RUNS_TOO_LONG


def _is_over(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit


def _words(risk: Risk, problem: Problem) -> str:
    match problem:
        case Problem.NO_RESTORABLE_BACKUP:
            return "no restorable backup"
        case Problem.OVER_OBJECTIVE:
            return f"older than {format_age(risk.objective_age or 0.0)}"
        case Problem.CHAIN_BROKEN:
            return "broken chain"
        case Problem.LAST_ATTEMPT_FAILED:
            return "last attempt failed"
        case Problem.RUNS_TOO_LONG:
            return f"a backup has been running for {format_age(risk.running_for or 0.0)}"
