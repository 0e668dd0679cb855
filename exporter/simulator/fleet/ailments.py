"""What can be wrong with a database's backups, as changes to a healthy database's attempts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from exporter.simulator.fleet.databases import Kind
from exporter.simulator.fleet.schedule import Attempt

RETIRED_DAYS = 7
"""How long ago the retired instance was deleted."""
_SHORTENED_DAYS = 5
"""How long ago the retention was shortened."""


class Days(Struct, frozen=True):
    """Today's midnight in UTC, and the one from which the ailments count."""

    today: datetime
    reference: datetime


Effect = Callable[[Sequence[Attempt], Days], Sequence[Attempt]]
"""From a healthy database's attempts, until tomorrow's too, to the attempts of this one."""


class Ailment(Struct, frozen=True):
    """A database that is not healthy, with its story for people."""

    kind: Kind
    name: str
    instance_id: str
    datastore_type: str
    story: str


def _healthy(attempts: Sequence[Attempt], _: Days) -> Sequence[Attempt]:
    return attempts


def _none(_: Sequence[Attempt], __: Days) -> Sequence[Attempt]:
    return ()


def _until(attempts: Sequence[Attempt], moment: datetime) -> list[Attempt]:
    return [attempt for attempt in attempts if attempt.start < moment]


def _stale(attempts: Sequence[Attempt], days: Days) -> Sequence[Attempt]:
    return _until(attempts, days.reference - timedelta(days=3))


def _retired(attempts: Sequence[Attempt], days: Days) -> Sequence[Attempt]:
    return _until(attempts, days.reference - timedelta(days=RETIRED_DAYS))


def _failing(attempts: Sequence[Attempt], days: Days) -> Sequence[Attempt]:
    since = days.reference - timedelta(hours=30)
    return [attempt if attempt.start < since else attempt.failing() for attempt in attempts]


def _stuck(attempts: Sequence[Attempt], days: Days) -> Sequence[Attempt]:
    match _until(attempts, days.reference - timedelta(hours=8)):
        case [*before, last]:
            return [*before, Attempt(last.stages[:2])]
    return ()


def _broken_chain(attempts: Sequence[Attempt], days: Days) -> Sequence[Attempt]:
    """Break chains that start in the last four days: nothing newer than three days can be restored."""
    return list(_without_fulls(attempts, days.reference - timedelta(days=4)))


def _without_fulls(attempts: Sequence[Attempt], since: datetime) -> Iterator[Attempt]:
    """Fail the full backup of every other day and drop those of the days between."""
    for attempt in attempts:
        if attempt.start < since or not attempt.full:
            yield attempt
        elif attempt.start.toordinal() % 2:
            yield attempt.failing()


def _gap(attempts: Sequence[Attempt], days: Days) -> Sequence[Attempt]:
    """Drop the whole chain that began three days ago, so that no other chain is broken."""
    day = days.reference.toordinal() - 3
    return [attempt for begin, attempt in _with_beginnings(attempts) if begin.toordinal() != day]


def _short_retention(attempts: Sequence[Attempt], days: Days) -> Sequence[Attempt]:
    if days.today < days.reference - timedelta(days=_SHORTENED_DAYS):
        return attempts
    since = days.today - timedelta(days=3)
    return [attempt for begin, attempt in _with_beginnings(attempts) if begin >= since]


def _with_beginnings(attempts: Sequence[Attempt]) -> Iterator[tuple[datetime, Attempt]]:
    """Yield each attempt with the start of the full backup that it builds on."""
    begin = None
    for attempt in attempts:
        begin = attempt.start if attempt.full or begin is None else begin
        yield begin, attempt


def _long_chain(attempts: Sequence[Attempt], days: Days) -> Sequence[Attempt]:
    return list(_without_new_chains(attempts, days.reference - timedelta(days=5)))


def _without_new_chains(attempts: Sequence[Attempt], since: datetime) -> Iterator[Attempt]:
    """Let each full backup build on the last completed one instead."""
    parent = None
    for attempt in attempts:
        joined = attempt.on(parent) if attempt.full and parent and attempt.start >= since else attempt
        parent = attempt.stages[0].id if attempt.completes else parent
        yield joined


def _cinder(attempts: Sequence[Attempt], _: Days) -> Sequence[Attempt]:
    """Drop the full backups, which all of the others name as their first parent."""
    return [attempt.as_cinder_snapshot() for attempt in attempts if not attempt.full]


EFFECTS: Mapping[Kind, Effect] = {
    "healthy": _healthy,
    "stale": _stale,
    "failing": _failing,
    "stuck": _stuck,
    "broken_chain": _broken_chain,
    "never": _none,
    "gap": _gap,
    "long_chain": _long_chain,
    "short_retention": _short_retention,
    "cinder": _cinder,
    "retired": _retired,
    "replica": _none,
}
