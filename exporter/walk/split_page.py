"""Parts of a page. A malformed record takes up a position among the others; positions count from 1."""

from bisect import bisect_left
from operator import attrgetter

from msgspec.structs import replace

from exporter.records import Malformed, Page, Record


def split(page: Page[Record], count: int) -> tuple[Page[Record], Page[Record]]:
    """Divide a page after `count` of its records, into one that claims more and the rest."""
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


def after(page: Page[Record], marker: str) -> Page[Record] | None:
    """Return the part of a page that follows `marker`; `None` if the page does not hold it."""
    count = next((count for count, record in enumerate(page.records, 1) if record.id == marker), None)
    if count is not None:
        return split(page, count)[1]
    if marker in page.markers[:1]:  # the last record's id, although that record is malformed
        return replace(page, records=(), length=0, malformed=())
    return None


def _place(page: Page[Record], index: int) -> int:
    """Return the position of a record in its page, from its index among the well-formed ones."""
    place = index + 1
    for bad in page.malformed:
        if bad.position > place:
            break
        place += 1
    return place


def record_at(page: Page[Record], place: int) -> Record | None:
    """Return the record at a position of the page; `None` if it is malformed."""
    before = bisect_left(page.malformed, place, key=attrgetter("position"))
    if before < len(page.malformed) and page.malformed[before].position == place:
        return None
    return page.records[place - 1 - before]
