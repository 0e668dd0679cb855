"""The records that a walk has read so far."""

from collections.abc import Iterable
from typing import Generic

from exporter.records import Page, Record
from exporter.results import WalkResult
from exporter.walk.split_page import malformed_before


class CollectedRecords(Generic[Record]):
    """Every record once, as its newest copy, and counts of those that were repeated or malformed.

    `records_read` counts the records of all pages, repeated and malformed ones too; `malformed` counts each
    of the latter once. `reported` is the last `Page.total`.
    """

    def __init__(self) -> None:
        self.records_read = 0
        self.malformed = 0
        self.reported: int | None = None
        self._records: dict[str, Record] = {}
        self._malformed: set[int] = set()
        """Of those with an id, its hash."""
        self._duplicates = 0
        self._first_malformed: str | None = None
        self._limit: int | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(records={len(self._records)}, reported={self.reported})"

    def add(self, page: Page[Record], reread: int = 0) -> None:
        """Add a page of the list.

        :param reread: how many of its malformed records, the first ones, were read before. Others that were
            are recognized by their ids.
        """
        self._duplicates += self.merge(page)
        new = [bad for bad in page.malformed[reread:] if bad.identity not in self._malformed]
        self._malformed.update(bad.identity for bad in new if bad.identity is not None)
        if new and self._first_malformed is None:
            self._first_malformed = f"record {self.records_read + new[0].position}: {new[0].problem}"
        self.malformed += len(new)
        self.records_read += page.length

    def merge(self, page: Page[Record]) -> int:
        """Add the records of a page without counting it; return how many were already collected."""
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

    def reread(self, page: Page[Record], malformed: int) -> int:
        """Return how many malformed records of a page precede its first new one, at most `malformed`."""
        index = next((i for i, record in enumerate(page.records) if record.id not in self._records), None)
        return 0 if index is None else max(0, min(malformed, malformed_before(page, index)))

    def begins_with(self, page: Page[Record]) -> bool:
        """Whether a page begins with the list's first record: the API returned the head."""
        return bool(page.records) and page.records[0].id == next(iter(self._records), None)

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
            malformed=self.malformed,
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
