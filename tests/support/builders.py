"""Small values that tests are made of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack

from msgspec.structs import replace

from exporter.api import BACKUPS, decode_page
from exporter.errors import ApiError, Reason
from exporter.records import Backup, Datastore, Page
from exporter.simulator.http.wire import BACKUPS as SERVED
from exporter.simulator.http.wire import RequestRefusedError
from exporter.simulator.listing import Listing
from exporter.simulator.quirks import Quirks

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class BackupFields(TypedDict, total=False):
    """The fields of a backup that a test may choose."""

    status: str
    created_at: datetime
    updated_at: datetime | None
    instance_id: str | None
    parent_id: str | None
    size: float | None
    datastore: Datastore | None


def backup(name: str | int, **fields: Unpack[BackupFields]) -> Backup:
    """Make a COMPLETED backup; a number names one created that many minutes after noon."""
    minutes = name if isinstance(name, int) else 0
    made = Backup(str(name), "COMPLETED", NOON + timedelta(minutes=minutes), instance_id="one")
    return replace(made, **fields)


class FakeList:
    """A list endpoint without sockets: `fetch` is a `FetchPage`, `requested` each request's marker and limit.

    `before` is called ahead of each request with its number from 1, and may replace `records`.
    """

    def __init__(self, records: tuple[Backup, ...], quirks: Quirks | None = None) -> None:
        self.records = records
        self.quirks = quirks or Quirks()
        self.requested: list[tuple[str | None, int]] = []
        self.before: Callable[[int], None] = lambda _: None

    def fetch(self, marker: str | None, limit: int) -> Page[Backup]:
        """Return what the embedded API would send, encoded and decoded."""
        self.requested.append((marker, limit))
        self.before(len(self.requested))
        query = {"limit": str(limit)} | ({"marker": marker} if marker else {})
        try:
            return decode_page(BACKUPS, Listing(SERVED, self.records, self.quirks).encoded(query))
        except RequestRefusedError as refusal:
            raise ApiError(Reason.CLIENT_ERROR, str(refusal), status=refusal.status) from None
