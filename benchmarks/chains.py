"""How long it takes to group and assess 200,000 backups, compared with decoding them."""

import gc
from collections.abc import Callable, Iterator, Sequence
from random import Random
from time import perf_counter
from typing import NamedTuple, TypeVar

import msgspec

from exporter.api import BACKUPS, decode_page
from exporter.backups.chains import Chains
from exporter.backups.grouping import group_backups
from exporter.config import Statuses
from exporter.records import Backup
from exporter.simulator import bulk_backups
from exporter.simulator.http.wire import backup_object

NUMBER = 200_000
INSTANCES = 5_000
PAGE = 1_000
RUNS = 7

Result = TypeVar("Result")


class Shape(NamedTuple):
    """How the newest-first list's backups build on each other: a place's parent, past the end for none."""

    instances: int
    parent: Callable[[int], int]


SHAPES = {
    "a chain each": Shape(INSTANCES, lambda place: place + INSTANCES),
    "two chains each, in turn": Shape(INSTANCES, lambda place: place + 2 * INSTANCES),
    "each on its full one": Shape(INSTANCES, lambda place: _full(place) if place != _full(place) else NUMBER),
    "one chain": Shape(1, lambda place: place + 1),
    "all are full": Shape(INSTANCES, lambda _place: NUMBER),
}


def _full(place: int) -> int:
    return NUMBER - INSTANCES + place % INSTANCES


Order = Callable[[Sequence[Backup]], Sequence[Backup]]
ORDERS: dict[str, Order] = {
    "newest first": lambda backups: backups,
    "oldest first": lambda backups: backups[::-1],
    "shuffled": lambda backups: Random(1).sample(backups, len(backups)),  # noqa: S311 - no secret
}


def table() -> Iterator[str]:
    """Make a row for each shape of chains and each order."""
    yield f"{NUMBER:,} backups, pages of {PAGE:,}, best of {RUNS} runs"
    yield f"{'chains':<24}  {'order':<12}  {'decode ms':>9}  {'group and assess ms':>19}  {'/ decode':>8}"
    for what, shape in SHAPES.items():
        backups = linked(shape)
        for name, order in ORDERS.items():
            decoding, assessing = measure(pages(order(backups)))
            ratio = assessing / decoding
            yield f"{what:<24}  {name:<12}  {decoding:9.0f}  {assessing:19.0f}  {ratio:8.2f}"


def linked(shape: Shape) -> Sequence[Backup]:
    """Return the backups, newest first; all are usable."""
    backups = bulk_backups(NUMBER, INSTANCES)
    parents = {
        place: backups[shape.parent(place)].id for place in range(NUMBER) if shape.parent(place) < NUMBER
    }
    return [
        msgspec.structs.replace(
            backup,
            status="COMPLETED",
            parent_id=parents.get(place),
            instance_id=backups[place % shape.instances].instance_id,
            datastore=None,
        )
        for place, backup in enumerate(backups)
    ]


def pages(backups: Sequence[Backup]) -> list[bytes]:
    """Return the backups as the API's bodies."""
    records = [backup_object(backup, "Z") for backup in backups]
    starts = range(0, len(records), PAGE)
    return [msgspec.json.encode({BACKUPS.key: records[start : start + PAGE]}) for start in starts]


def measure(bodies: Sequence[bytes]) -> tuple[float, float]:
    """Return the best times of decoding and of grouping and assessing, in milliseconds.

    Each run assesses what it decoded itself: a string that was hashed once knows its hash.
    """
    runs = [run(bodies) for _ in range(RUNS)]
    return min(decoding for decoding, _ in runs), min(assessing for _, assessing in runs)


def run(bodies: Sequence[bytes]) -> tuple[float, float]:
    """Decode once, group and assess once; return the times of both."""
    decoding, backups = timed(lambda: [b for body in bodies for b in decode_page(BACKUPS, body).records])
    chains = Chains({backup.id: backup for backup in backups}, Statuses())
    assessing, assessed = timed(lambda: [chains.assess(group) for group in group_backups(backups)])
    if sum(len(group.backups) - len(group.broken) for group in assessed) != NUMBER:
        raise SystemExit("not every backup was found restorable")
    return decoding, assessing


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the milliseconds that `work` took, and its result."""
    gc.collect()
    begin = perf_counter()
    result = work()
    return 1000 * (perf_counter() - begin), result


if __name__ == "__main__":
    for line in table():
        print(line, flush=True)
