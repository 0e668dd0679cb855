"""The order in time of the pages that a walk uses, which is not their order in the list."""

from typing import Generic

from exporter.records import Page, Record
from exporter.walk.dispatcher import Request


class Timeline(Generic[Record]):
    """When the pages used so far were requested and answered, and what the newest of them says."""

    def __init__(self) -> None:
        self._last_sent_at = 0
        self._last_answered_at = 0
        self._totals: list[tuple[int, int]] = []

    def __repr__(self) -> str:
        return f"{type(self).__name__}(newest_total={self.newest_total})"

    @property
    def newest_total(self) -> int | None:
        """The newest `meta.total`: the highest where requests were in flight together."""
        return max((total for _, total in self._totals), default=None)

    def add(self, request: Request[Record], page: Page[Record]) -> bool:
        """Add a page that is used; return whether it was requested after all others had been answered."""
        sent_index = request.sent_index or 0
        is_in_order = sent_index >= self._last_answered_at
        self._last_answered_at = max(self._last_answered_at, request.answered_index)
        self._last_sent_at = max(self._last_sent_at, sent_index)
        if page.total is not None:
            self._totals.append((request.answered_index, page.total))
        self._totals = [known for known in self._totals if known[0] > self._last_sent_at]
        return is_in_order
