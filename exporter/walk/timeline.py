"""The order in which the pages of a walk were requested and received."""

from typing import Generic

from exporter.records import Page, Record
from exporter.walk.dispatcher import Request


class Timeline(Generic[Record]):
    """When the pages used so far were requested and received, and the newest total among them."""

    def __init__(self) -> None:
        self._last_sent_at = 0
        self._last_received_at = 0
        self._totals: list[tuple[int, int]] = []

    def __repr__(self) -> str:
        return f"{type(self).__name__}(newest_total={self.newest_total})"

    @property
    def newest_total(self) -> int | None:
        """The newest `meta.total`: the highest where requests were in flight together."""
        return max((total for _, total in self._totals), default=None)

    def add(self, request: Request[Record], page: Page[Record]) -> bool:
        """Add a used page; return whether it was requested after all others had been received."""
        sent_index = request.sent_index or 0
        is_in_order = sent_index >= self._last_received_at
        self._last_received_at = max(self._last_received_at, request.received_index)
        self._last_sent_at = max(self._last_sent_at, sent_index)
        if page.total is not None:
            self._totals.append((request.received_index, page.total))
        self._totals = [known for known in self._totals if known[0] > self._last_sent_at]
        return is_in_order
