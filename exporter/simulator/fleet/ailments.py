"""What can be wrong with a database's backups, as changes to a healthy database's attempts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from exporter.simulator.fleet.databases import Kind
from exporter.simulator.fleet.schedule import Attempt

Effect = Callable[[Sequence[Attempt], datetime], Sequence[Attempt]]
"""From a healthy database's attempts and the day's midnight (UTC) to the attempts of this one."""


class Ailment(Struct, frozen=True):
    """A database that is not healthy, with its story for people."""

    kind: Kind
    name: str
    instance_id: str
    datastore_type: str
    story: str


def _healthy(attempts: Sequence[Attempt], _: datetime) -> Sequence[Attempt]:
    return attempts


def _none(_: Sequence[Attempt], __: datetime) -> Sequence[Attempt]:
    return ()


def _until(attempts: Sequence[Attempt], moment: datetime) -> list[Attempt]:
    return [attempt for attempt in attempts if attempt.start < moment]


def _stale(attempts: Sequence[Attempt], midnight: datetime) -> Sequence[Attempt]:
    return _until(attempts, midnight - timedelta(days=3))


def _retired(attempts: Sequence[Attempt], midnight: datetime) -> Sequence[Attempt]:
    return _until(attempts, midnight - timedelta(days=7))


def _failing(attempts: Sequence[Attempt], midnight: datetime) -> Sequence[Attempt]:
    since = midnight - timedelta(hours=30)
    return [attempt if attempt.start < since else attempt.failing() for attempt in attempts]


def _stuck(attempts: Sequence[Attempt], midnight: datetime) -> Sequence[Attempt]:
    *before, last = _until(attempts, midnight - timedelta(hours=8))
    return [*before, Attempt(last.stages[:2])]


def _broken_chain(attempts: Sequence[Attempt], midnight: datetime) -> Sequence[Attempt]:
    """Break chains that start in the last four days: nothing newer than three days can be restored."""
    return list(_without_fulls(attempts, midnight - timedelta(days=4)))


def _without_fulls(attempts: Sequence[Attempt], since: datetime) -> Iterator[Attempt]:
    """Fail the full backup of every other day and drop those of the days between."""
    for attempt in attempts:
        if attempt.start < since or not attempt.full:
            yield attempt
        elif attempt.start.toordinal() % 2:
            yield attempt.failing()


def _gap(attempts: Sequence[Attempt], midnight: datetime) -> Sequence[Attempt]:
    """Drop the whole chain that began three days ago, so that no other chain is broken."""
    day = midnight.toordinal() - 3
    return [attempt for begin, attempt in _with_beginnings(attempts) if begin.toordinal() != day]


def _short_retention(attempts: Sequence[Attempt], midnight: datetime) -> Sequence[Attempt]:
    since = midnight - timedelta(days=3)
    return [attempt for begin, attempt in _with_beginnings(attempts) if begin >= since]


def _with_beginnings(attempts: Sequence[Attempt]) -> Iterator[tuple[datetime, Attempt]]:
    """Yield each attempt with the start of the full backup that it builds on."""
    begin = None
    for attempt in attempts:
        begin = attempt.start if attempt.full or begin is None else begin
        yield begin, attempt


def _long_chain(attempts: Sequence[Attempt], midnight: datetime) -> Sequence[Attempt]:
    return list(_without_new_chains(attempts, midnight - timedelta(days=5)))


def _without_new_chains(attempts: Sequence[Attempt], since: datetime) -> Iterator[Attempt]:
    """Let each full backup build on the last completed one instead."""
    parent = None
    for attempt in attempts:
        joined = attempt.on(parent) if attempt.full and parent and attempt.start >= since else attempt
        parent = attempt.stages[0].id if attempt.completes else parent
        yield joined


def _cinder(attempts: Sequence[Attempt], _: datetime) -> Sequence[Attempt]:
    return [attempt.as_cinder_snapshot() for attempt in attempts]


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
