"""The bounds of a walk: a broken API may invent records without end."""

from typing import Final

LARGEST_LIST: Final = 200_000
"""Records that a list is taken to have where the API reports no total, or a larger one."""
TIMES_REPORTED: Final = 10
"""A walk that reads this many times the reported records, or as many pages, is endless."""
ALWAYS_RECORDS: Final = 20_000
ALWAYS_PAGES: Final = 1_000
"""What a walk may read however few records the API reports: some APIs report those of one page."""


def is_endless(pages: int, read: int, reported: int | None) -> bool:
    """Whether a walk has read far more than the API reports.

    :param read: records of all pages, repeated and malformed ones too.
    :param reported: the last `meta.total`.
    """
    most = TIMES_REPORTED * (LARGEST_LIST if reported is None else min(reported, LARGEST_LIST))
    return read > max(most, ALWAYS_RECORDS) or pages > max(most, ALWAYS_PAGES)
