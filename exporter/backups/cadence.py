"""How often databases are backed up, and whether their `max_age` leaves room for that."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import ceil
from typing import Final

from msgspec import Struct

from exporter.durations import UNITS, format_duration
from exporter.results import Attempt, DatabaseAssessment, DataWarning, Outcome, TimeLine
from exporter.wording import count

MARGIN: Final = UNITS["h"]
"""Seconds that a schedule, a walk and an alert may be late without a problem."""
RECENT: Final = 30
"""The last attempts to look at, so that a changed schedule counts soon."""
FEWEST: Final = 3
"""Fewer values show no regularity."""


class Cadence(Struct, frozen=True):
    """The longest times that recur among a database's last attempts.

    :param interval: from the start of one attempt to the start of the next, in seconds.
    :param duration: of a backup that succeeded, in seconds; `None` if the API does not say.
    """

    interval: float
    duration: float | None

    @property
    def needed_age(self) -> float:
        """The smallest `max_age` that is met as long as no backup fails, in seconds.

        A restore point is replaced once the next backup has finished: an interval and a duration later.
        """
        return self.interval + (self.duration or 0.0) + MARGIN

    def __str__(self) -> str:
        takes = "" if self.duration is None else f" and take up to {format_duration(self.duration)}"
        return f"start up to {format_duration(self.interval)} apart{takes}"


def observe(timeline: TimeLine) -> Cadence | None:
    """Return the cadence of a database; `None` if there are too few attempts.

    Failed attempts count for the interval: a failure is no reason to allow older backups.
    """
    attempts = timeline.last(RECENT)
    interval = _recurring([later.created_at - earlier.created_at for earlier, later in pairwise(attempts)])
    return None if interval is None else Cadence(interval, _recurring(list(_durations(attempts))))


def cadence_warnings(databases: Iterable[DatabaseAssessment]) -> tuple[DataWarning, ...]:
    """Return a warning for each `max_age` that databases exceed although no backup fails, the smallest first.

    :param databases: all databases of a snapshot, in any order.
    """
    by_age: dict[float, list[_Tight]] = {}
    for database in databases:
        age, cadence = database.objective.age, observe(database.timeline)
        if age is not None and cadence is not None and cadence.needed_age > age:
            by_age.setdefault(age, []).append(_Tight(database, cadence))
    return tuple(_warning(age, by_age[age]) for age in sorted(by_age))


class _Tight(Struct, frozen=True):
    """A database whose `max_age` is too short for its cadence."""

    database: DatabaseAssessment
    cadence: Cadence

    @property
    def rank(self) -> tuple[float, str]:
        """The one that needs the most is first; of several, the one with the smallest id."""
        return -self.cadence.needed_age, self.database.instance_id


def _durations(attempts: Iterable[Attempt]) -> Iterator[float]:
    for attempt in attempts:
        if attempt.duration is not None and attempt.outcome <= Outcome.UNRESTORABLE:
            yield attempt.duration


def _recurring(values: Sequence[float]) -> float | None:
    """Return the greatest value that one in ten, and at least two, reach; `None` if there are too few values.

    So a missed night is ignored, and the weekend of a schedule for working days is not.
    """
    if len(values) < FEWEST:
        return None
    return sorted(values, reverse=True)[max(2, ceil(len(values) / 10)) - 1]


def _warning(age: float, tight: Sequence[_Tight]) -> DataWarning:
    first = min(tight, key=lambda one: one.rank)
    name = first.database.name
    databases, hours = count(len(tight), "database"), ceil(first.cadence.needed_age / UNITS["h"])
    fact = f"max_age {format_duration(age)} is too short for {databases} even if no backup fails"
    advice = f"set `max_age: {hours}h` or back up more often"
    return DataWarning(f"cadence {age:.15g}", f"{fact}; {advice}: the backups of {name!r} {first.cadence}")
