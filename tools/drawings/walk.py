"""A sequential walk, and the concurrent walk after it."""

from collections.abc import Iterator
from typing import Final

from tools.drawings.svg import BROKEN, GOOD, PLAIN, arrow, box, drawing, words

PAGES: Final = 8
IN_FLIGHT: Final = 4
UNIT: Final = 92
LEFT: Final = 150
BAR: Final = 26
CHANGED: Final = 6
"""The page whose record at the marker has changed since the last walk."""


def walk() -> str:
    """Return the drawing."""
    return drawing(LEFT + UNIT * PAGES + 20, 330, "A concurrent walk", _parts())


def _parts() -> Iterator[str]:
    yield from _first_walk()
    yield from _requests()
    yield from _cursor()


def _first_walk() -> Iterator[str]:
    yield words(20, 44, "first walk", "bold")
    for page in range(1, PAGES + 1):
        yield box((LEFT + UNIT * (page - 1), 26), (UNIT - 6, BAR), (f"page {page}",), PLAIN)
    yield words(LEFT, 74, "one request at a time; it remembers where its pages end", "small")


def _requests() -> Iterator[str]:
    yield words(20, 118, "next walk:", "bold")
    yield words(20, 138, f"{IN_FLIGHT} in flight", "small")
    for page in range(1, PAGES + 1):
        turn, lane = divmod(page - 1, IN_FLIGHT)
        colour = BROKEN if page == CHANGED else GOOD
        yield box((LEFT + UNIT * turn, 100 + 31 * lane), (UNIT - 6, BAR), (f"page {page}",), colour)
    yield box((LEFT + UNIT * 2, 131), (UNIT - 6, BAR), (f"page {CHANGED}",), GOOD)
    x = LEFT + UNIT * 3 + 6
    yield words(x, 142, "requested again: the record at its marker", "small")
    yield words(x, 158, "has changed since the last walk", "small")


def _cursor() -> Iterator[str]:
    yield words(20, 268, "cursor", "bold")
    for page in range(1, PAGES + 1):
        x = LEFT + 46 * (page - 1)
        yield box((x, 250), (34, BAR), (str(page),), GOOD)
        if page > 1:
            yield arrow(x - 12, 263, x, 263)
    text = "takes the pages in order: the result is one that a sequential walk could have given"
    yield words(LEFT, 304, text, "small")
