"""Small values that tests are made of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from exporter.api.decode import BACKUPS, decode_page
from exporter.errors import ApiError, Reason
from exporter.records import Backup, Page
from exporter.simulator.http.wire import BACKUPS as SERVED
from exporter.simulator.http.wire import RequestRefusedError
from exporter.simulator.listing import Listing
from exporter.simulator.quirks import Quirks

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def backup(name: str | int, **fields: Any) -> Backup:
    """Make a COMPLETED backup; a number names one created that many minutes after noon."""
    minutes = name if isinstance(name, int) else 0
    settings: dict[str, Any] = {
        "status": "COMPLETED",
        "created_at": NOON + timedelta(minutes=minutes),
        "instance_id": "one",
    }
    return Backup(id=str(name), **(settings | fields))


class FakeList:
    """A list endpoint without sockets: `fetch` is a `FetchPage`, `asked` what it was asked.

    `before` is called ahead of each request with its number from 1, and may replace `records`.
    """

    def __init__(self, records: tuple[Backup, ...], quirks: Quirks | None = None) -> None:
        self.records = records
        self.quirks = quirks or Quirks()
        self.asked: list[tuple[str | None, int]] = []
        self.before: Callable[[int], None] = lambda _: None

    def fetch(self, marker: str | None, limit: int) -> Page[Backup]:
        """Answer as the embedded API would, by way of the bytes that it would send."""
        self.asked.append((marker, limit))
        self.before(len(self.asked))
        query = {"limit": str(limit)} | ({"marker": marker} if marker else {})
        try:
            return decode_page(BACKUPS, Listing(SERVED, self.records, self.quirks).encoded(query))
        except RequestRefusedError as refusal:
            raise ApiError(Reason.CLIENT_ERROR, str(refusal), status=refusal.status) from None
