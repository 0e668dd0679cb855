"""A chain of backups with a broken link."""

from collections.abc import Iterator
from typing import Final

from tools.drawings.svg import BAD, BROKEN, GOOD, arrow, box, drawing, words

BACKUPS: Final = (
    ("Sunday", "full", "COMPLETED", "restorable", GOOD),
    ("Monday", "incremental", "COMPLETED", "restorable", GOOD),
    ("Tuesday", "incremental", "FAILED", "the broken link", BAD),
    ("Wednesday", "incremental", "COMPLETED", "not restorable", BROKEN),
    ("Thursday", "incremental", "COMPLETED", "not restorable", BROKEN),
)
STEP: Final = 176
WIDTH: Final = 140


def chain() -> str:
    """Return the drawing."""
    width = STEP * len(BACKUPS) + 4
    return drawing(width, 250, "A chain of backups with a broken link", _parts())


def _parts() -> Iterator[str]:
    for number, (day, kind, status, verdict, colour) in enumerate(BACKUPS):
        x = 20 + STEP * number
        yield words(x + WIDTH / 2, 32, day, anchor="middle")
        yield box((x, 46), (WIDTH, 70), (kind, status, verdict), colour)
        if number:
            yield arrow(x, 81, x - STEP + WIDTH, 81)
    yield words(20, 142, "arrow: builds on", "small")
    newest, now = 20 + STEP + WIDTH / 2, 20 + STEP * 4 + WIDTH
    yield arrow(newest, 212, newest, 124)
    yield words(newest, 230, "newest restore point", "bold", anchor="middle")
    yield arrow(newest + 90, 190, now, 190)
    yield words((newest + now) / 2 + 40, 182, "its age at the scrape, compared with max_age", anchor="middle")
    yield words(now, 212, "now", anchor="end")
