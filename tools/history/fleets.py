"""The databases of a history: the demo's, some of them, or many more."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from exporter.simulator import Fleet
from exporter.simulator.fleet.chance import chance
from exporter.simulator.fleet.databases import DATABASES, Database

AILING_SHARE: Final = 0.4
"""The largest part of a small fleet that is ailing."""
FIRST: Final = ("failing", "never", "stuck", "stale", "broken_chain")
"""The ailments that a small fleet has first."""
HEALTHY_RUN: Final = 4
"""In a large fleet, this many healthy databases for each of the demo's healthy ones."""


def fleet(number: int, end: float) -> Fleet:
    """Return a fleet whose ailments began in the days before `end`.

    :param number: of databases.
    :param end: Unix seconds.
    """
    chosen = _some(number) if number <= len(DATABASES) else _many(number)
    return Fleet(databases=chosen, reference_day=datetime.fromtimestamp(end, UTC).toordinal())


def _some(number: int) -> tuple[Database, ...]:
    """Choose from the demo's databases, in its order."""
    healthy = [database for database in DATABASES if database.kind == "healthy"]
    ailing = sorted((d for d in DATABASES if d.kind != "healthy"), key=_urgency)
    count = max(int(number * AILING_SHARE), number - len(healthy))
    chosen = {*ailing[:count], *healthy[: number - count]}
    return tuple(_growing(database) for database in DATABASES if database in chosen)


def _urgency(database: Database) -> int:
    return FIRST.index(database.kind) if database.kind in FIRST else len(FIRST)


def _many(number: int) -> tuple[Database, ...]:
    """Repeat the demo's databases with numbers, most of them healthy."""
    bases = [database for database in DATABASES if database.kind != "replica"]
    pattern = [copy for base in bases for copy in _run(base)]
    return tuple(_numbered(pattern[place % len(pattern)], place) for place in range(number))


def _run(base: Database) -> Iterator[Database]:
    yield from [base] * (HEALTHY_RUN if base.kind == "healthy" else 1)


def _numbered(base: Database, place: int) -> Database:
    name = f"{base.name}-{place:03}"
    gib = round(base.gib * (0.2 + 1.2 * chance(name, "gib")), 1)
    every = 24 if base.kind == "healthy" else 12  # few, so that many databases fit
    return _growing(replace(base, name=name, gib=gib, every=every))


def _growing(database: Database) -> Database:
    """Let the database grow by two percent in the month, unless its backups go."""
    if database.kind in ("retired", "short_retention"):
        return replace(database, gib=database.gib / 10)
    return replace(database, gib=database.gib / 15, growth=0.02)
