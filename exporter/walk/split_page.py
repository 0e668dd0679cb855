"""Parts of a page. A malformed record takes up a position among the others; positions count from 1."""

from bisect import bisect_left
from operator import attrgetter

from msgspec.structs import replace

from exporter.records import Malformed, Page, Record


def split(page: Page[Record], count: int, requested: int) -> tuple[Page[Record], Page[Record]]:
    """Divide a page after `count` of its well-formed records.

    The first part claims that more follow. The second part claims what the page does.

    :param requested: the `limit` of the page's request.
    """
    position = _position(page, count - 1)
    before = tuple(bad for bad in page.malformed if bad.position < position)
    behind = tuple(
        replace(bad, position=bad.position - position) for bad in page.malformed if bad.position > position
    )
    first = replace(
        page,
        records=page.records[:count],
        length=position,
        malformed=before,
        markers=(page.records[count - 1].id,),
        more=True,
    )
    rest = _shortened(page, requested, page.records[count:], page.length - position, behind)
    return first, rest


def after(page: Page[Record], marker: str, requested: int) -> Page[Record] | None:
    """Return the part of a page that follows `marker`; `None` if the page does not hold it.

    :param requested: the `limit` of the page's request.
    """
    count = next((count for count, record in enumerate(page.records, 1) if record.id == marker), None)
    if count is not None:
        return split(page, count, requested)[1]
    if marker in page.markers[:1]:  # the last record's id, although that record is malformed
        return _shortened(page, requested, (), 0, ())
    return None


def malformed_before(page: Page[Record], index: int) -> int:
    """Return how many malformed records precede a record of the page.

    :param index: the record's place among the well-formed ones, from 0.
    """
    return _position(page, index) - index - 1


def record_at(page: Page[Record], position: int) -> Record | None:
    """Return the record at a position of the page; `None` if it is malformed."""
    before = bisect_left(page.malformed, position, key=attrgetter("position"))
    if before < len(page.malformed) and page.malformed[before].position == position:
        return None
    return page.records[position - 1 - before]


def _shortened(
    page: Page[Record],
    requested: int,
    records: tuple[Record, ...],
    length: int,
    malformed: tuple[Malformed, ...],
) -> Page[Record]:
    """Keep a part of a page, and what the page's own length said about the end of the list."""
    more = True if page.claims_more(requested) else page.more
    return replace(page, records=records, length=length, malformed=malformed, more=more)


def _position(page: Page[Record], index: int) -> int:
    """Return the position of a record in its page, from its index among the well-formed ones."""
    position = index + 1
    for bad in page.malformed:
        if bad.position > position:
            break
        position += 1
    return position
