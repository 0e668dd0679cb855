"""Parts of a page. Its malformed records stand among the others: each has its place, from 1."""

from bisect import bisect_left
from operator import attrgetter

from msgspec.structs import replace

from exporter.model import Malformed, Page, Record


def split(page: Page[Record], count: int) -> tuple[Page[Record], Page[Record]]:
    """Divide a page after so many of its records, into one that claims more and the rest."""
    place = _place(page, count - 1)
    before = tuple(bad for bad in page.malformed if bad.position < place)
    behind = tuple(
        Malformed(bad.position - place, bad.problem) for bad in page.malformed if bad.position > place
    )
    last = page.records[count - 1].id
    until = replace(
        page, records=page.records[:count], length=place, malformed=before, markers=(last,), more=True
    )
    return until, replace(page, records=page.records[count:], length=page.length - place, malformed=behind)


def _place(page: Page[Record], index: int) -> int:
    """Return where in the page, from 1, a record stands: the malformed before it count."""
    place = index + 1
    for bad in page.malformed:
        if bad.position > place:
            break
        place += 1
    return place


def id_at(page: Page[Record], place: int) -> str | None:
    """Return the id of the record at a place of the page, from 1, if it has a usable one."""
    if place == page.length:
        return page.markers[0] if page.markers else None
    before = bisect_left(page.malformed, place, key=attrgetter("position"))
    if before < len(page.malformed) and page.malformed[before].position == place:
        return None
    return page.records[place - 1 - before].id
