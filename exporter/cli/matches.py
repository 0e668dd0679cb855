"""The databases that `explain` is asked for: by id, by name, or by a shell pattern."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from msgspec import Struct

from exporter.backups import Explanation, Risk
from exporter.results import DatabaseAssessment

MOST_SUGGESTIONS = 3


class Candidate(Struct, frozen=True):
    """A database of a target."""

    target: str
    database: DatabaseAssessment


class MatchedDatabase(Struct, frozen=True):
    """A database that was asked for, and its explanation.

    :param now: when it was explained, in Unix seconds.
    """

    target: str
    explanation: Explanation
    now: float

    @property
    def database(self) -> DatabaseAssessment:
        """What the walk showed about it."""
        return self.explanation.database

    @property
    def risk(self) -> Risk:
        """Its risk; a database that is not at risk has no problems."""
        return Risk(self.database, self.now, self.explanation.problems)


def matching(wanted: str, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the databases of this id, else those of this name, else those that match as a shell pattern."""
    return (
        [found for found in candidates if found.database.instance_id == wanted]
        or [found for found in candidates if found.database.instance_name == wanted]
        or [found for found in candidates if _matches(wanted, found.database)]
    )


def worst_first(matches: Iterable[MatchedDatabase]) -> list[MatchedDatabase]:
    """Return matches in the order of their worst problem, then of their age, those at no risk last."""
    return sorted(matches, key=_badness)


def nearest(wanted: str, candidates: Iterable[Candidate]) -> Sequence[str]:
    """Return the names and ids that begin with `wanted`, or else those that resemble it most, the best first.

    On a phone, the page shows only the first characters of an id.
    """
    databases = [candidate.database for candidate in candidates]
    known = {name.lower(): name for database in databases for name in (database.instance_id, database.name)}
    begin = wanted.lower()
    longer = sorted(name for name in known if begin and name.startswith(begin))[:MOST_SUGGESTIONS]
    return [known[name] for name in longer or get_close_matches(begin, known, n=MOST_SUGGESTIONS)]


def _matches(pattern: str, database: DatabaseAssessment) -> bool:
    return fnmatchcase(database.name, pattern) or fnmatchcase(database.instance_id, pattern)


def _badness(match: MatchedDatabase) -> tuple[bool, int, float, str, str]:
    problems, risk = match.explanation.problems, match.risk
    worst = problems[0] if problems else 0
    return not problems, worst, -(risk.age or 0.0), match.database.name, match.target
