"""The boundaries between the pages of a list: where the next walk requests pages ahead."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Generic

from msgspec import Struct

from exporter.records import Backup, Instance, Page, Record
from exporter.walk.spacing import spaced
from exporter.walk.split_page import record_at


class PageBoundaries(Struct, frozen=True):
    """The last record of each page of a finished walk, except the last page; by id, in the list's order.

    A boundary whose record is unchanged, `updated_at` included, has not moved within the list. So a record
    without `updated_at` is no boundary.

    `newest_first` is whether the list was in descending order of `updated_at`: an updated record moves to the
    head. In any other list, it may move to the tail.
    """

    records: Mapping[str, Backup | Instance] = MappingProxyType({})
    newest_first: bool = False


class BoundaryRecorder(Generic[Record]):
    """Records the boundaries of one walk, page by page, until the list's last page.

    Pages may be cut, or short: boundaries are as many records apart as the API puts on a page, or fewer where
    they were known before.

    :param known: the boundaries that this walk started with.
    """

    def __init__(self, known: PageBoundaries) -> None:
        self._known = known
        self._pages: list[Page[Record]] = []
        self._ends: list[int] = []
        self._step = 1
        self._is_complete = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(boundaries={len(self.boundaries.records)})"

    def add(self, page: Page[Record], step: int, *, is_last: bool) -> None:
        """Add a page.

        :param step: how many records the API puts on a page.
        :param is_last: whether the list ends with this page. Later pages are read to check it, and ignored.
        """
        if self._is_complete or not page.length:
            return
        self._is_complete = is_last
        self._step = step
        self._pages.append(page)
        self._ends.append(self._length + page.length)

    @property
    def boundaries(self) -> PageBoundaries:
        """Those of the pages so far. The list's last record is none, as nothing follows it."""
        end = self._length + (not self._is_complete)
        records = map(self._record_at, spaced(self._kept(), self._step, end))
        dated = {
            record.id: record for record in records if record is not None and record.updated_at is not None
        }
        return PageBoundaries(dated, self._is_newest_first())

    @property
    def _length(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _kept(self) -> Iterator[int]:
        """Yield the positions of known boundaries that are unchanged and that a page ends with."""
        for position in self._ends:
            record = self._record_at(position)
            if record is not None and self._known.records.get(record.id) == record:
                yield position

    def _record_at(self, position: int) -> Record | None:
        """Return the record at a position of the list; `None` if it is malformed."""
        index = bisect_left(self._ends, position)
        page = self._pages[index]
        return record_at(page, position - self._ends[index] + page.length)

    def _is_newest_first(self) -> bool:
        pages = [page.records for page in self._pages if page.records]
        head = next((records[0].updated_at for records in pages if records[0].updated_at), None)
        tail = pages[-1][-1].updated_at if pages else None
        return head is not None and tail is not None and head > tail
