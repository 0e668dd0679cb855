"""The bounds of a walk."""

import pytest

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Malformed, Page
from exporter.walk import PageSize, walk
from exporter.walk.endless import ALWAYS_PAGES, ALWAYS_RECORDS, LARGEST_LIST, TIMES_REPORTED
from tests.support.builders import FakeList, backup
from tests.support.lists import undated

IN_EACH_FORM = pytest.mark.parametrize("malformed", [False, True])


def read_until_failure(size: int, total: int | None, *, malformed: bool = False) -> tuple[int, int]:
    """Walk an endless list in pages of this size; return how many pages and records were read."""
    pages = 0

    def fetch(_marker: str | None, _limit: int) -> Page[Backup]:
        nonlocal pages
        pages += 1
        records = () if malformed else tuple(backup(f"{pages}-{number}") for number in range(size))
        bad = tuple(Malformed(position, "bad") for position in range(1, size + 1)) if malformed else ()
        markers = tuple(record.id for record in records[-1:]) or (str(pages),)
        return Page(records=records, malformed=bad, length=size, markers=markers, more=True, total=total)

    with pytest.raises(ApiError, match="the list seems endless") as raised:
        walk(fetch, PageSize())
    assert raised.value.reason is Reason.PAGINATION
    return pages, pages * size


@IN_EACH_FORM
@pytest.mark.parametrize("total", [0, 5, 2000])
def test_an_endless_list_fails_after_some_records(total: int, *, malformed: bool) -> None:
    """With pages of 500, the limit is 20,000 records, or ten times the reported total."""
    _, records = read_until_failure(500, total, malformed=malformed)

    assert records == ALWAYS_RECORDS + 500


@IN_EACH_FORM
def test_an_endless_list_fails_after_some_pages(*, malformed: bool) -> None:
    """With pages of one record, the limit is a thousand."""
    pages, _ = read_until_failure(1, 5, malformed=malformed)

    assert pages == ALWAYS_PAGES + 1


def test_a_list_may_be_ten_times_as_long_as_reported() -> None:
    """A larger total allows a longer list."""
    _, records = read_until_failure(1000, 2500)

    assert records == 2500 * TIMES_REPORTED + 1000


@pytest.mark.parametrize("total", [None, 10**17])
def test_an_endless_list_fails_without_a_credible_total(
    monkeypatch: pytest.MonkeyPatch, total: int | None
) -> None:
    """The largest list is assumed."""
    monkeypatch.setattr("exporter.walk.endless.LARGEST_LIST", LARGEST_LIST // 80)
    _, records = read_until_failure(1000, total)

    assert records == LARGEST_LIST // 80 * TIMES_REPORTED + 1000


def test_an_api_that_reports_the_records_of_one_page_is_walked_whole() -> None:
    """Its list is far longer than its total, but not endless."""
    api = FakeList(undated(3000))

    def fetch(marker: str | None, limit: int) -> Page[Backup]:
        page = api.fetch(marker, limit)
        return Page(
            records=page.records,
            length=page.length,
            markers=page.markers,
            more=page.more,
            total=page.length,
        )

    assert len(walk(fetch, PageSize(100)).records) == 3000
