"""How long it takes to divide and judge 200,000 backups, beside how long it takes to decode them."""

import gc
from collections.abc import Callable, Iterator, Sequence
from random import Random
from time import perf_counter
from typing import TypeVar

import msgspec

from exporter.chains import Chains
from exporter.cohorts import cohorts
from exporter.decode import BACKUPS, decode_page
from exporter.model import Backup, Statuses
from exporter.simulator import many
from exporter.simulator.wire import backup_object

NUMBER = 200_000
CHAINS = 5_000
PAGE = 1_000
RUNS = 7

Result = TypeVar("Result")
Order = Callable[[Sequence[Backup]], Sequence[Backup]]
ORDERS: dict[str, Order] = {
    "newest first": lambda backups: backups,
    "oldest first": lambda backups: backups[::-1],
    "shuffled": lambda backups: Random(1).sample(backups, len(backups)),  # noqa: S311 - no secret
}


def table() -> Iterator[str]:
    """Make a row for each number of chains and each order."""
    yield f"{NUMBER:,} backups, pages of {PAGE:,}, best of {RUNS} runs"
    yield f"{'chains':>7}  {'order':<12}  {'decode ms':>9}  {'judge ms':>8}  {'judge / decode':>14}"
    for chains in (CHAINS, 1, NUMBER):
        backups = linked(chains)
        for name, order in ORDERS.items():
            decoding, judging = measure(pages(order(backups)))
            yield f"{chains:7,}  {name:<12}  {decoding:9.0f}  {judging:8.0f}  {judging / decoding:14.2f}"


def linked(chains: int) -> Sequence[Backup]:
    """Return the backups, newest first, in so many chains of equal length; all are usable."""
    backups = many(NUMBER, CHAINS)
    hosts = [backup.instance_id for backup in backups[:CHAINS]]
    parents = [backup.id for backup in backups[chains:]] + [None] * chains
    return [
        msgspec.structs.replace(
            backup,
            status="COMPLETED",
            parent_id=parent,
            instance_id=hosts[place % chains % CHAINS],
            datastore=None,
        )
        for place, (backup, parent) in enumerate(zip(backups, parents, strict=True))
    ]


def pages(backups: Sequence[Backup]) -> list[bytes]:
    """Return the backups as the API's bodies."""
    records = [backup_object(backup, "Z") for backup in backups]
    starts = range(0, len(records), PAGE)
    return [msgspec.json.encode({BACKUPS.key: records[start : start + PAGE]}) for start in starts]


def measure(bodies: Sequence[bytes]) -> tuple[float, float]:
    """Return the best times of decoding and of judging, in milliseconds.

    Each run judges what it decoded itself: a string that was hashed once knows its hash.
    """
    runs = [run(bodies) for _ in range(RUNS)]
    return min(decoding for decoding, _ in runs), min(judging for _, judging in runs)


def run(bodies: Sequence[bytes]) -> tuple[float, float]:
    """Decode and judge once; return the times of both."""
    decoding, backups = timed(lambda: [b for body in bodies for b in decode_page(BACKUPS, body).records])
    chains = Chains({backup.id: backup for backup in backups}, Statuses())
    judging, judged = timed(lambda: [chains.judge(cohort) for cohort in cohorts(backups)])
    if any(one.broken for one in judged):
        raise SystemExit("not every backup was found restorable")
    return decoding, judging


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the milliseconds that `work` took, and its result."""
    gc.collect()
    begin = perf_counter()
    result = work()
    return 1000 * (perf_counter() - begin), result


if __name__ == "__main__":
    for line in table():
        print(line, flush=True)
