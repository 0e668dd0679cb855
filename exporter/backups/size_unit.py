"""The unit of the API's sizes, as far as the sizes show it.

The vendor documents no unit. OpenStack Trove, whose schema the API resembles, uses GiB with two decimals.
"""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Final

from exporter.backups.grouping import BackupGroup
from exporter.results import Summary

SMALLEST_DATABASE: Final = 1_000_000
"""Bytes. If every backup is smaller, the sizes are probably not in bytes."""
GIB: Final = 2**30


def decide_bytes_per_unit(groups: Sequence[BackupGroup]) -> int | None:
    """Return the bytes of one unit: 2^30 if any size has a fraction, else 1 if the largest is large.

    `None`: the sizes do not show it.
    """
    if has_fractions(groups):
        return GIB
    largest = largest_size(groups)
    return 1 if largest is not None and largest > SMALLEST_DATABASE else None


def size_in_bytes(size: float | None, bytes_per_unit: float | None) -> float | None:
    """Return a size of the API in bytes; `None` if size or unit is unknown, or if it fits no number."""
    if size is None or bytes_per_unit is None:
        return None
    found = bytes_per_unit * size + 0.0  # the API's -0.0 is 0.0
    return found if isfinite(found) else None


def has_fractions(groups: Iterable[BackupGroup]) -> bool:
    """Return whether any size is not a whole number: bytes always are."""
    return any(size % 1 for group in groups for size in group.sizes)


def largest_size(groups: Iterable[BackupGroup]) -> float | None:
    """Return the largest size in the API's own unit; `None` if no backup has a size."""
    return max((max(group.sizes) for group in groups if group.sizes), default=None)


def sizes_look_like_gib(summary: Summary) -> bool:
    """Return whether the sizes, read as bytes, have fractions or are too small for databases."""
    largest = summary.largest_size
    return largest is not None and (summary.has_fractional_sizes or largest < SMALLEST_DATABASE)
