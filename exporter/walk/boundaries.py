"""Where the pages of a list ended: what the next walk fetches ahead."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Generic

from msgspec import Struct

from exporter.records import Backup, Instance, Page, Record
from exporter.walk.split_page import record_at


class PageBoundaries(Struct, frozen=True):
    """The last record of every page but the last of a finished walk, by its id, in the list's order.

    Pages are as long as the API makes them; where the walk cut one, records are counted across the cut.

    A boundary whose record is unchanged, `updated_at` included, has not moved within the list. So a record
    without `updated_at` is no boundary.

    `newest_first` says that the list was in descending order of `updated_at`: an updated record moves to the
    head. In any other list it may move to the tail.
    """

    records: Mapping[str, Backup | Instance] = MappingProxyType({})
    newest_first: bool = False


class BoundaryRecorder(Generic[Record]):
    """Collects the boundaries of one walk, page by page."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._since_boundary = 0
        self._head: datetime | None = None
        self._tail: datetime | None = None

    def add(self, page: Page[Record], step: int, *, is_last: bool) -> None:
        """Record every `step`-th record, except the list's last: nothing follows it.

        :param step: how many records the API puts on a page.
        """
        if not page.length:
            return
        end = page.length - is_last
        for place in range(max(1, step - self._since_boundary), end + 1, step):
            record = record_at(page, place)
            if record is not None and record.updated_at is not None:
                self._records[record.id] = record
        self._since_boundary = (self._since_boundary + page.length) % step
        if page.records:
            self._head = self._head or page.records[0].updated_at
            self._tail = page.records[-1].updated_at

    @property
    def boundaries(self) -> PageBoundaries:
        """What was collected so far."""
        newest_first = self._head is not None and self._tail is not None and self._head > self._tail
        return PageBoundaries(self._records, newest_first)
