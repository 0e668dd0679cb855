"""The simulated API with a list of which one backup in a hundred changes at each SIGUSR1.

    python -m benchmarks.changing_api BACKUPS {ends,anywhere}

`ends`: new backups come first, and as many of the oldest are deleted. `anywhere`: the sizes of some backups
on every page change. Prints the URL, then an empty line once a change is made.
"""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from exporter.records import Backup
from exporter.simulator import SimulatedApi, bulk_backups

INSTANCES: Final = 1_000
SHARE: Final = 100
MOST: Final = 50
"""Changes that `ends` can make."""
Records = tuple[Backup, ...]


def ends(backups: int) -> Iterator[Records]:
    """Yield the states of a list of this many backups."""
    new = backups // SHARE
    every = bulk_backups(backups + MOST * new, INSTANCES)
    for first in range(MOST * new, -1, -new):
        yield every[first : first + backups]


def anywhere(backups: int) -> Iterator[Records]:
    """Yield the states of a list of this many backups."""
    records = list(bulk_backups(backups, INSTANCES))
    for change in range(SHARE):
        yield tuple(records)
        records[change::SHARE] = [replace(record, size=float(change)) for record in records[change::SHARE]]


STATES: Final[dict[str, Callable[[int], Iterator[Records]]]] = {"ends": ends, "anywhere": anywhere}


def main(arguments: Sequence[str]) -> None:
    """Serve until the process is terminated."""
    backups, where = arguments
    states = STATES[where](int(backups))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    with SimulatedApi(backups=next(states), request_log=False) as api:
        print(api.url, flush=True)
        while signal.sigwait({signal.SIGUSR1}):
            api.backups = next(states)
            print(flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
