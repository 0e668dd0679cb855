"""Where to divide a list into pages for the next walk."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Final

SPARE: Final = 50
"""One page more than necessary is allowed for so many."""


def spaced(kept: Iterable[int], step: int, end: int) -> Sequence[int]:
    """Return the positions of the last records of pages, except the last page.

    A page that begins and ends at the same records as before need not be decoded again. So boundaries are
    kept, wherever they are in the list by now, with others between them where they are too far apart. Once
    that takes too many pages, all are evenly spaced again.

    :param kept: the positions of boundaries that were known and still hold, in ascending order.
    :param step: how many records the API puts on a page.
    :param end: one more than the greatest position that may be returned.
    """
    even = range(step, end, step)
    filled = list(_filled(kept, step, end))
    return filled if len(filled) <= len(even) + len(even) // SPARE else even


def _filled(kept: Iterable[int], step: int, end: int) -> Iterator[int]:
    """Yield the kept positions and those between them.

    They are counted back from the next kept one: new records, which come first, then move no boundary.
    """
    last = 0
    for position in takewhile(lambda position: position < end, kept):
        yield from range(position - (position - last - 1) // step * step, position + 1, step)
        last = position
    yield from range(last + step, end, step)
