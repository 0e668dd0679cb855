"""The walk of one target's list of backups, and what it learns for the next one."""

from collections.abc import Callable
from contextlib import closing
from functools import partial

from exporter.api import BACKUPS, WalkClient
from exporter.config import Target
from exporter.records import Backup, Page
from exporter.results import WalkResult
from exporter.target.interning import Interner
from exporter.target.page_reader import PageReader
from exporter.walk import PageBoundaries, PageSize, Pool, Threads, walk, walk_concurrently

Fetch = Callable[[str | None, int], bytes]
Read = Callable[[bytes], Page[Backup]]


class BackupList:
    """Walks the list; keeps its pages, their size, boundaries and usual shortfall for the next walk.

    :param target: has the page size (`auto`: the most that the API accepts), the number of requests in flight
        (1: one page after the other, in the calling thread), and the settings that need the backups' names.
    :param on_many_changes: called during a walk while much of the list is not that of the last walk: forgets
        whatever else keeps the last walk's backups in memory.
    """

    def __init__(self, target: Target, on_many_changes: Callable[[], None] = lambda: None) -> None:
        self._target = target
        self._on_many_changes = on_many_changes
        self._reader = PageReader(Interner.of(target))
        self._max_concurrency = target.max_concurrency
        self._page_size = PageSize(None if target.page_size == "auto" else target.page_size)
        self._boundaries = PageBoundaries()
        self._usual_shortfall = 0

    def __repr__(self) -> str:
        return f"BackupList({self._max_concurrency}, usual_shortfall={self._usual_shortfall}, {self._reader})"

    def walk(self, client: WalkClient) -> WalkResult[Backup]:
        """Return every backup.

        :param client: sends the requests of this walk.
        :raises ApiError: if any page cannot be read.
        """
        reader = self._reader = self._reader.for_next_walk(self._target)
        fetch = partial(client.fetch, BACKUPS)

        def read(body: bytes) -> Page[Backup]:
            page = reader.read(body)
            client.count_page(page)
            if reader.has_many_changes:
                self._on_many_changes()
            return page

        if self._max_concurrency == 1:
            walked = self._walk_sequentially(fetch, read)
        else:
            with closing(client):
                walked = self._walk_concurrently(fetch, read)
        reader.end_walk()
        self._usual_shortfall = walked.shortfall
        return walked

    def _walk_sequentially(self, fetch: Fetch, read: Read) -> WalkResult[Backup]:
        return walk(
            lambda marker, limit: read(fetch(marker, limit)),
            self._page_size,
            usual_shortfall=self._usual_shortfall,
        )

    def _walk_concurrently(self, fetch: Fetch, read: Read) -> WalkResult[Backup]:
        with Threads(self._max_concurrency) as threads:
            walked, self._boundaries = walk_concurrently(
                fetch,
                read,
                self._page_size,
                Pool(threads.submit, self._max_concurrency),
                self._boundaries,
                usual_shortfall=self._usual_shortfall,
            )
        return walked
