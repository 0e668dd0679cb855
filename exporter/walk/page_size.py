"""The page size of a walk: how many records to request at once."""

from collections.abc import Callable
from typing import Final

from exporter.errors import ApiError
from exporter.records import Page, Record

Marker = str | None
"""The id of the record that a page follows; `None`: the page is the first one."""

FetchPage = Callable[[Marker, int], Page[Record]]
"""Fetch the page after a marker, with this `limit`; raise `ApiError`."""

LIMIT_REFUSED: Final = frozenset({400, 422})
"""HTTP statuses that may mean that the limit is too large."""


class PageSize:
    """The `limit` of requests: a fixed one, or the largest of `STEPS` that the API accepts.

    All walks of a list share one, so each starts with what the walk before it found.
    """

    STEPS: Final = (1000, 500, 200, 100, 50, 20)

    def __init__(self, fixed: int | None = None) -> None:
        self._steps = () if fixed else self.STEPS
        self.limit = fixed or self.STEPS[0]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(limit={self.limit})"

    def fetch_head(self, fetch_page: FetchPage[Record]) -> Page[Record]:
        """Fetch the first page, and reduce the limit while the API refuses it.

        :raises ApiError: as `fetch_page` does. The limit is then what it was before.
        """
        limit = self.limit
        while True:
            try:
                page = fetch_page(None, limit)
            except ApiError as error:
                smaller = self._reduce(limit)
                if error.status not in LIMIT_REFUSED or smaller is None:
                    raise
                limit = smaller
            else:
                self.limit = limit
                return page

    def _reduce(self, limit: int) -> int | None:
        """Return the next smaller limit, if there is one."""
        return next((step for step in self._steps if step < limit), None)
