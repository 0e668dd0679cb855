"""The boundaries between the pages of a list: where the next walk requests pages ahead."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Generic

from msgspec import Struct

from exporter.records import Backup, Instance, Page, Record
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

    Pages may be cut, or short: boundaries are as many records apart as the API puts on a page.
    """

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._since_boundary = 0
        self._head: datetime | None = None
        self._tail: datetime | None = None
        self._is_complete = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(boundaries={len(self._records)})"

    def add(self, page: Page[Record], step: int, *, is_last: bool) -> None:
        """Record every `step`-th record, except the list's last: nothing follows it.

        :param step: how many records the API puts on a page.
        :param is_last: whether the list ends with this page. Later pages are read to check it, and ignored.
        """
        if self._is_complete or not page.length:
            return
        self._is_complete = is_last
        end = page.length - is_last
        for position in range(max(1, step - self._since_boundary), end + 1, step):
            record = record_at(page, position)
            if record is not None and record.updated_at is not None:
                self._records[record.id] = record
        self._since_boundary = (self._since_boundary + page.length) % step
        if page.records:
            self._head = self._head or page.records[0].updated_at
            self._tail = page.records[-1].updated_at

    @property
    def boundaries(self) -> PageBoundaries:
        """What was recorded so far."""
        newest_first = self._head is not None and self._tail is not None and self._head > self._tail
        return PageBoundaries(dict(self._records), newest_first)
