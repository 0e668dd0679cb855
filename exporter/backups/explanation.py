"""Why a database is at risk or not: its objective, part by part, and what to do next."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from itertools import takewhile
from typing import Final

from msgspec import Struct

from exporter.backups.advice import ADVICE, Advice
from exporter.backups.risk import Problem, problems
from exporter.durations import UNITS, format_duration
from exporter.moments import format_moment, seconds_since
from exporter.results import DatabaseAssessment, Gap, Outcome
from exporter.wording import count

RECENT_SECONDS: Final = 7 * UNITS["d"]
"""Attempts that are not older are recent."""


class RequirementState(StrEnum):
    """Whether a part of an objective is met. A note is worth knowing, but no danger."""

    MET = "met"
    MISSED = "missed"
    NOTE = "note"
    UNKNOWN = "unknown"


class Requirement(Struct, frozen=True):
    """One part of an objective, and what was found.

    :param key: the setting, such as `max_age`.
    :param text: one line for people.
    """

    key: str
    text: str
    state: RequirementState


class FailedAttempts(Struct, frozen=True):
    """The attempts that have failed since the last one that completed.

    :param since: when the first of them was created, in Unix seconds.
    """

    number: int
    since: float


class Explanation(Struct, frozen=True, kw_only=True):
    """Whether one database can be restored as required, and why not.

    :param requirements: the parts of its objective; none without an objective.
    :param problems: what is wrong, the worst first.
    :param largest_gap: between restore points, or from the newest one to now; `None` without any.
    :param recent_attempts: of the last seven days, by outcome; an outcome without attempts is absent.
    :param failed_attempts: `None` if the last finished attempt completed.
    """

    database: DatabaseAssessment
    requirements: tuple[Requirement, ...]
    problems: tuple[Problem, ...]
    largest_gap: Gap | None
    recent_attempts: tuple[tuple[Outcome, int], ...]
    failed_attempts: FailedAttempts | None

    @property
    def is_at_risk(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.problems)

    @property
    def exemption(self) -> str | None:
        """Why nothing is required of its backups; `None` if something is."""
        if self.requirements:
            return None
        if self.database.replica_of:
            return "a replica needs no backups of its own"
        if self.database.is_retired:
            return (
                "it is deleted: neither the API nor `expected_instances` lists it, only its backups are left"
            )
        return "`objectives` require nothing of its backups"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed about its backups."""
        number = self.database.self_contained
        return (self_contained_words(number),) if number else ()

    @property
    def advice(self) -> tuple[Advice, ...]:
        """What to do about each problem."""
        return tuple(ADVICE[problem] for problem in self.problems)


def explain(database: DatabaseAssessment, now: float) -> Explanation:
    """Explain the state of a database.

    :param now: Unix seconds.
    """
    return Explanation(
        database=database,
        requirements=tuple(_requirements(database, now)),
        problems=problems(database, now),
        largest_gap=database.largest_gap(now),
        recent_attempts=_recent_attempts(database, now),
        failed_attempts=_failed_attempts(database) if database.last_attempt_failed else None,
    )


def self_contained_words(number: int) -> str:
    """Say what `chains: auto` assumes about some backups: the vendor documents no storage of backups."""
    fact = f"{count(number, 'Cinder snapshot')} with a parent counted as restorable without it"
    return f"{fact} (`chains: auto`); if a restore needs it, set `chains: follow`"


def _recent_attempts(database: DatabaseAssessment, now: float) -> tuple[tuple[Outcome, int], ...]:
    recent = Counter(attempt.outcome for attempt in database.timeline.since(now - RECENT_SECONDS))
    return tuple(sorted(recent.items()))


def _failed_attempts(database: DatabaseAssessment) -> FailedAttempts | None:
    newest_first = database.timeline.newest_first()
    finished = (attempt for attempt in newest_first if attempt.outcome <= Outcome.FAILED)
    number, since = 0, 0.0
    for attempt in takewhile(lambda attempt: attempt.outcome is Outcome.FAILED, finished):
        number, since = number + 1, attempt.created_at
    return FailedAttempts(number, since) if number else None


def _requirements(database: DatabaseAssessment, now: float) -> Iterator[Requirement]:
    objective = database.objective
    if objective.age is not None:
        yield _age(database, objective.age, now)
    if objective.duration is not None:
        yield _duration(database, objective.duration, now)
    if objective.retention is not None:
        yield _retention(database, objective.retention, now)
    if objective.gap is not None:
        yield _gap(database, objective.gap, now)
    if objective.full_age is not None:
        yield _full_age(database, objective.full_age, now)
    if objective.chain_length is not None:
        yield _chain_length(database, objective.chain_length)


def _age(database: DatabaseAssessment, limit: float, now: float) -> Requirement:
    age = seconds_since(database.restorable_newest_timestamp, now)
    found = "no backup can be restored" if age is None else f"newest restore point {format_duration(age)} ago"
    text = f"{found}, allowed: {format_duration(limit)}"
    return Requirement("max_age", text, _state(is_met=age is not None and age <= limit))


def _duration(database: DatabaseAssessment, limit: float, now: float) -> Requirement:
    running = seconds_since(database.running_oldest_timestamp, now)
    found = (
        "no backup is running"
        if running is None
        else f"a backup has been running for {format_duration(running)}"
    )
    text = f"{found}, allowed: {format_duration(limit)}"
    return Requirement("max_duration", text, _state(is_met=running is None or running <= limit))


def _retention(database: DatabaseAssessment, limit: float, now: float) -> Requirement:
    """Compare the reach; a short one is a note, since the database may be young."""
    reach = seconds_since(database.restorable_oldest_timestamp, now)
    if reach is None:
        return _unknown("min_retention", "no oldest restore point", f"required: {format_duration(limit)} ago")
    state = RequirementState.MET if reach >= limit else RequirementState.NOTE
    return Requirement(
        "min_retention", f"reaches back {format_duration(reach)} of {format_duration(limit)}", state
    )


def _gap(database: DatabaseAssessment, limit: float, now: float) -> Requirement:
    gap = database.largest_gap(now)
    if gap is None:
        return _unknown("max_gap", "no gap to measure", f"allowed: {format_duration(limit)}")
    end = "now" if gap.ends == now else format_moment(gap.ends)
    place = f"from {format_moment(gap.begins)} to {end}"
    text = f"largest gap {format_duration(gap.seconds)} {place}, allowed: {format_duration(limit)}"
    return Requirement("max_gap", text, _state(is_met=gap.seconds <= limit))


def _full_age(database: DatabaseAssessment, limit: float, now: float) -> Requirement:
    age = seconds_since(database.newest_full_timestamp, now)
    if age is None:
        return _unknown("max_full_age", "no full restore point", f"allowed: {format_duration(limit)}")
    text = f"newest full restore point {format_duration(age)} ago, allowed: {format_duration(limit)}"
    return Requirement("max_full_age", text, _state(is_met=age <= limit))


def _chain_length(database: DatabaseAssessment, limit: int) -> Requirement:
    length = database.newest_chain_length
    if length is None:
        return _unknown("max_chain", "no chain to restore", f"allowed: {limit}")
    text = f"a restore of the newest restore point reads {count(length, 'backup')}, allowed: {limit}"
    return Requirement("max_chain", text, _state(is_met=length <= limit))


def _unknown(key: str, found: str, limit: str) -> Requirement:
    return Requirement(key, f"{found}, {limit}", RequirementState.UNKNOWN)


def _state(*, is_met: bool) -> RequirementState:
    return RequirementState.MET if is_met else RequirementState.MISSED
