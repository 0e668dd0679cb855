"""The records that a walk has read so far."""

from collections.abc import Iterable
from typing import Generic

from exporter.records import Page, Record
from exporter.results import WalkResult


class CollectedRecords(Generic[Record]):
    """Every record once, as its newest copy, and counts of those that were repeated or malformed.

    `read` counts the records of all pages, repeated and malformed ones too. `reported` is the last
    `meta.total`.
    """

    def __init__(self) -> None:
        self.read = 0
        self.reported: int | None = None
        self._records: dict[str, Record] = {}
        self._duplicates = 0
        self._malformed = 0
        self._first_malformed: str | None = None
        self._limit: int | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(records={len(self._records)}, reported={self.reported})"

    def add(self, page: Page[Record]) -> None:
        """Add a page of the list."""
        self._duplicates += self.merge(page)
        if page.malformed and self._first_malformed is None:
            first = page.malformed[0]
            self._first_malformed = f"record {self.read + first.position}: {first.problem}"
        self._malformed += len(page.malformed)
        self.read += page.length

    def merge(self, page: Page[Record]) -> int:
        """Add the records of a page that is read again; return how many were already collected."""
        self.reported = page.total if page.total is not None else self.reported
        self._limit = page.limit or self._limit
        before = len(self._records)
        keep = self._records.setdefault
        for record in page.records:
            keep(record.id, record)
        repeated = len(page.records) - (len(self._records) - before)
        if repeated:
            self._keep_newest(page.records)
        return repeated

    def has_new_records(self, page: Page[Record]) -> bool:
        """Whether any record of a page was not read before."""
        return any(record.id not in self._records for record in page.records)

    @property
    def shortfall(self) -> int:
        """How many fewer records were read, malformed ones counted, than the API reports."""
        return self.result(0).shortfall

    def result(self, requested: int) -> WalkResult[Record]:
        """Return what was collected.

        :param requested: the requested page size, which applies if the API reports none.
        """
        return WalkResult(
            records=self._records,
            duplicates=self._duplicates,
            malformed=self._malformed,
            first_malformed=self._first_malformed,
            reported=self.reported,
            limit=self._limit or requested,
        )

    def _keep_newest(self, records: Iterable[Record]) -> None:
        for record in records:
            if _is_newer(record, self._records[record.id]):
                self._records[record.id] = record


def _is_newer(record: Record, known: Record) -> bool:
    if record.updated_at is None or known.updated_at is None:
        return known.updated_at is None
    return record.updated_at > known.updated_at
