"""The order in which the pages of a walk were requested and received."""

from typing import Generic

from exporter.records import Page, Record
from exporter.walk.dispatcher import Request


class RequestOrder(Generic[Record]):
    """When the pages used so far were requested and received, and the highest `meta.total` among them.

    The highest one counts, because a lower one could hide a missing record: a record that was read and then
    deleted makes up for one that moved to the head unread.
    """

    def __init__(self) -> None:
        self.highest_total: int | None = None
        self._last_received_index = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(highest_total={self.highest_total})"

    def add(self, request: Request[Record], page: Page[Record]) -> bool:
        """Add a page that is used; return whether it was requested after all others had been received."""
        is_in_order = (request.sent_index or 0) >= self._last_received_index
        self._last_received_index = max(self._last_received_index, request.received_index)
        if page.total is not None:
            self.highest_total = max(page.total, self.highest_total or 0)
        return is_in_order
