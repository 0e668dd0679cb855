"""Lists of backups, and what a walk of one brings."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from typing import Literal

from msgspec.structs import replace

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Malformed, Page
from exporter.results import WalkResult
from exporter.walk import FetchPage, PageBoundaries, PageSize, Pool, walk_concurrently
from tests.support.builders import NOON, FakeList, backup

DeadMarker = Literal["error", "empty", "start"]
"""The API's response to a marker that names no record."""


def page(
    *names: str | int,
    more: bool | None = None,
    markers: tuple[str, ...] | None = None,
    malformed: tuple[Malformed, ...] = (),
    total: int | None = None,
) -> Page[Backup]:
    """Make a page of these backups, and of malformed records; its marker is the last backup's id."""
    return Page(
        records=tuple(backup(name) for name in names),
        length=len(names) + len(malformed),
        malformed=malformed,
        markers=tuple(str(name) for name in names[-1:]) if markers is None else markers,
        more=more,
        total=total,
    )


def pages(by_marker: dict[str | None, Page[Backup]]) -> FetchPage[Backup]:
    """Make a `FetchPage` of a dict from marker to page; any other marker is a 404."""

    def fetch(marker: str | None, _limit: int) -> Page[Backup]:
        if marker not in by_marker:
            raise ApiError(Reason.CLIENT_ERROR, "no such marker", status=404)
        return by_marker[marker]

    return fetch


def undated(count: int) -> tuple[Backup, ...]:
    """Make this number of backups without `updated_at`, the last created one first."""
    return tuple(backup(number) for number in reversed(range(count)))


def dated(number: int) -> Backup:
    """Make a backup that was updated some minutes after noon."""
    return backup(number, updated_at=NOON + timedelta(minutes=number))


def newest_first(count: int) -> tuple[Backup, ...]:
    """Make this number of backups, the last updated one first."""
    return tuple(dated(number) for number in reversed(range(count)))


def updated_later(numbers: Iterable[int]) -> tuple[Backup, ...]:
    """Make backups that were updated a day after all `dated` ones, the last one last."""
    return tuple(
        backup(number, updated_at=NOON + timedelta(days=1, seconds=second))
        for second, number in enumerate(numbers)
    )


def without(records: tuple[Backup, ...], gone: Collection[str]) -> tuple[Backup, ...]:
    """Return the records whose ids are not among those."""
    return tuple(record for record in records if record.id not in gone)


def ids(records: Iterable[Backup]) -> list[str]:
    """Return the ids of records."""
    return [record.id for record in records]


def spoilt(fetch_page: FetchPage[Backup], names: Collection[str]) -> FetchPage[Backup]:
    """Make some records malformed; their ids remain usable as markers."""

    def fetch(marker: str | None, limit: int) -> Page[Backup]:
        page = fetch_page(marker, limit)
        positions = enumerate(page.records, start=1)
        return replace(
            page,
            records=without(page.records, names),
            malformed=tuple(
                Malformed(at, "spoilt", hash(record.id)) for at, record in positions if record.id in names
            ),
        )

    return fetch


def result_or_reason(walking: Callable[[], WalkResult[Backup]]) -> WalkResult[Backup] | Reason:
    """Return the result of a walk, or the reason why there is none."""
    try:
        return walking()
    except ApiError as error:
        return error.reason


class ConcurrentWalker:
    """Walks a list again and again, each time from the page boundaries of the last walk.

    `fetch_page` brings pages that need no decoding.
    """

    def __init__(self, fetch_page: FetchPage[Backup], page_size: int | None = None, *known: int) -> None:
        self.fetch_page = fetch_page
        self.page_size = PageSize(page_size)
        self.usual_shortfall = 0
        self.boundaries = PageBoundaries({str(number): dated(number) for number in known}, newest_first=True)

    @property
    def known(self) -> list[str]:
        """The ids of the boundaries that the next walk starts from."""
        return list(self.boundaries.records)

    def walk(self, pool: Pool) -> WalkResult[Backup]:
        """Walk once."""
        walked, self.boundaries = walk_concurrently(
            self.fetch_page,
            lambda page: page,
            self.page_size,
            pool,
            self.boundaries,
            usual_shortfall=self.usual_shortfall,
        )
        return walked


def markers(api: FakeList) -> list[str | None]:
    """Return the markers of a list's requests, in their order."""
    return [marker for marker, _ in api.requested]
