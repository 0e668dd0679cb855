"""What a walk returned and what it cost."""

from collections.abc import Mapping
from typing import Generic

from msgspec import Struct

from exporter.records import Record


class WalkResult(Struct, Generic[Record], frozen=True, kw_only=True):
    """Every record of a list, from one complete walk.

    :param records: by id; a repeated id has its newest copy.
    :param duplicates: how many records were repeated.
    :param malformed: how many records were skipped because they cannot be decoded.
    :param first_malformed: the position and the problem of the first one; `None` if there is none.
    :param reported: the last `Page.total`, the API's own count; `None` if it gave none.
    :param limit: the page size that the API applied, else the requested one.
    """

    records: Mapping[str, Record]
    duplicates: int
    malformed: int
    first_malformed: str | None
    reported: int | None
    limit: int

    @property
    def shortfall(self) -> int:
        """How many fewer records came, malformed ones included, than the API reports."""
        return max(0, (self.reported or 0) - len(self.records) - self.malformed)


class WalkStats(Struct, frozen=True):
    """What a walk cost, whether it succeeded or failed.

    :param seconds: how long it took.
    :param pages: how many pages it read.
    :param requests: how many requests it sent, retries included.
    """

    seconds: float
    pages: int
    requests: int
