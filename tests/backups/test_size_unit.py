"""The unit of sizes, as the sizes show it."""

import pytest

from exporter.backups.grouping import group_backups
from exporter.backups.size_unit import GIB, decide_bytes_per_unit
from tests.support.builders import backup


@pytest.mark.parametrize(
    ("sizes", "unit"),
    [
        ((), None),
        ((None, 0.0), None),
        ((1.0, 200.0), None),
        ((1_000_000.0,), None),
        ((1_000_001.0, 3.0), 1),
        ((5e9, 0.5), GIB),
        ((0.01,), GIB),
    ],
)
def test_the_sizes_decide(sizes: tuple[float | None, ...], unit: int | None) -> None:
    """A fraction means GiB, else a large size means bytes; other sizes decide nothing."""
    backups = [backup(place, size=size) for place, size in enumerate(sizes)]

    assert decide_bytes_per_unit(group_backups(backups)) == unit
