"""Which instances are at risk, and of those the worst first."""

from collections.abc import Iterable, Iterator
from enum import IntEnum

from msgspec import Struct

from exporter.durations import format_age
from exporter.results import DatabaseAssessment


class Problem(IntEnum):
    """What is wrong with an instance's backups, the worst first."""

    NO_RESTORABLE_BACKUP = 0
    OVER_OBJECTIVE = 1
    CHAIN_BROKEN = 2
    LAST_ATTEMPT_FAILED = 3
    RUNS_TOO_LONG = 4


class Risk(Struct, frozen=True):
    """One instance at risk. Ages and durations are seconds; `age` is `None` where nothing can be restored."""

    instance_id: str
    instance_name: str | None
    datastore_type: str
    age: float | None
    objective_age: float | None
    running_for: float | None
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.instance_name or self.instance_id


def risks(assessments: Iterable[DatabaseAssessment], now: float) -> list[Risk]:
    """Return the instances at risk at `now` (Unix seconds), by their worst problem and then by age.

    Of an instance without an objective nothing is asked, so it is at no risk.
    """
    found = (_risk(recovery, now) for recovery in assessments)
    return sorted((risk for risk in found if risk.problems), key=severity)


def severity(risk: Risk) -> tuple[Problem, float, str]:
    """Return what risks are sorted by: the worst first, and of those alike the oldest."""
    return risk.problems[0], -(risk.age or 0.0), risk.name


def describe_age(risk: Risk) -> str:
    """Say to how long ago the instance can be restored, for people."""
    return "never" if risk.age is None else f"{format_age(risk.age)} ago"


def describe(risk: Risk) -> str:
    """Say in words what is wrong, for people."""
    return ", ".join(_words(risk, problem) for problem in risk.problems)


def _risk(recovery: DatabaseAssessment, now: float) -> Risk:
    age, running = (
        _since(then, now) for then in (recovery.newest_timestamp, recovery.running_oldest_timestamp)
    )
    return Risk(
        instance_id=recovery.instance_id,
        instance_name=recovery.instance_name,
        datastore_type=recovery.datastore_type,
        age=age,
        objective_age=recovery.objective_age,
        running_for=running,
        problems=tuple(_problems(recovery, age, running)),
    )


def _since(timestamp: float | None, now: float) -> float | None:
    """Return an age; that of a moment in the future is 0."""
    return None if timestamp is None else max(0.0, now - timestamp)


def _problems(recovery: DatabaseAssessment, age: float | None, running: float | None) -> Iterator[Problem]:
    if recovery.objective_age is None:
        return
    if age is None:
        yield Problem.NO_RESTORABLE_BACKUP
    elif age > recovery.objective_age:
        yield Problem.OVER_OBJECTIVE
    if recovery.unrestorable:
        yield Problem.CHAIN_BROKEN
    if recovery.last_attempt_failed:
        yield Problem.LAST_ATTEMPT_FAILED
    if (
        running is not None
        and recovery.objective_duration is not None
        and running > recovery.objective_duration
    ):
        yield Problem.RUNS_TOO_LONG


def _words(risk: Risk, problem: Problem) -> str:
    match problem:
        case Problem.NO_RESTORABLE_BACKUP:
            return "no restorable backup"
        case Problem.OVER_OBJECTIVE:
            return f"older than {format_age(risk.objective_age or 0.0)}"
        case Problem.CHAIN_BROKEN:
            return "broken chain"
        case Problem.RUNS_TOO_LONG:
            return f"one runs for {format_age(risk.running_for or 0.0)}"
    return "last attempt failed"
