"""Reads the pages of a walk, and decodes only those that the last walk has not read.

A list changes little between two walks: most of its pages hold the same records, byte for byte. So the
backups of each page are kept until the next walk. The rest of a page, such as the total, is always decoded.
"""

from typing import Final

from exporter.api import BACKUPS, PageParts, decode_page, decode_records, decode_rest, split_page
from exporter.config import Target
from exporter.records import Backup, Page
from exporter.target.interning import Interner

Key = tuple[int, int]
"""The length and the hash of the JSON of a page's records. One change in 2^64 leaves the hash as it was."""
MOST_DECODED: Final = 1.5
"""Pages that an interner is used for, as a multiple of the list's. A backup that is decoded in a later walk
than its parent has a copy of the parent's id, which takes memory."""
SPARE: Final = 16
LEAST_SPARE: Final = 8
"""One page of so many, and at least so many, may be decoded before others of the last walk are forgotten."""


class PageReader:
    """Reads the pages of one walk. Only the walk's own thread may use it.

    :param interner: makes the backups of a page that is decoded take little memory.
    :param last: the pages that the last walk has read. Those that are read again are removed. Once too many
        were decoded instead, each further one removes another: both walks together keep few more pages than
        one.
    :param decoded: how many pages the interner has been used for.
    :param spare: how many pages may be decoded, by this walk and those that failed before it, until further
        ones remove others.
    """

    def __init__(
        self,
        interner: Interner,
        last: dict[Key, tuple[Backup, ...]] | None = None,
        decoded: int = 0,
        spare: int = LEAST_SPARE,
    ) -> None:
        self.pages: dict[Key, tuple[Backup, ...]] = {}
        self._interner = interner
        self._last = {} if last is None else last
        self._decoded = decoded
        self._spare = spare

    def __repr__(self) -> str:
        return f"PageReader(pages={len(self.pages)}, last={len(self._last)})"

    def end_walk(self) -> None:
        """Forget the last walk's pages that this one has not read: it is complete, so they are gone."""
        self._last.clear()
        self._spare = max(LEAST_SPARE, len(self.pages) // SPARE)

    def for_next_walk(self, target: Target) -> "PageReader":
        """Return a reader that knows the pages of this walk; one that knows none once too many were decoded.

        :param target: has the settings that need the backups' names.
        """
        pages = self._last | self.pages
        if self._decoded > MOST_DECODED * len(pages):
            return PageReader(Interner.of(target))
        return PageReader(self._interner, pages, self._decoded, self._spare)

    @property
    def has_many_changes(self) -> bool:
        """Whether the walk has decoded so many pages that it forgets those of the last one."""
        return not self._spare

    def read(self, body: bytes) -> Page[Backup]:
        """Return the page of a body.

        :raises ApiError: with the reason `bad_response` if it is not a page.
        """
        parts = split_page(BACKUPS, body)
        page = self._read_parts(parts) if parts else None
        return page or self._new(decode_page(BACKUPS, body))

    def _read_parts(self, parts: PageParts) -> Page[Backup] | None:
        key = len(parts.records), hash(parts.records)
        known = self.pages.get(key) or self._last.pop(key, None)
        records = known or decode_records(BACKUPS, parts.records)
        page = None if records is None else decode_rest(BACKUPS, parts.rest, records)
        if page is None:
            return None
        if not known:
            page = self._new(page)
        self.pages[key] = page.records
        return page

    def _new(self, page: Page[Backup]) -> Page[Backup]:
        self._decoded += 1
        if self._spare:
            self._spare -= 1
        elif self._last:
            self._last.popitem()
        return self._interner.intern(page)
