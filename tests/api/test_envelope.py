"""What surrounds the records: `meta` and `links`."""

import pytest

from exporter.api.decode import decode_page
from exporter.api.envelope import BACKUPS
from exporter.records import Page
from tests.support.odd_json import GOOD
from tests.support.pages import UNDOCUMENTED, page_of


@pytest.mark.parametrize("listed", ["", '"database_backups": null,'])
@pytest.mark.parametrize("odd", ["1", "NaN"])
def test_an_absent_list_with_a_total_of_zero_is_an_empty_page(listed: str, odd: str) -> None:
    """Go's `omitempty` writes it so; a null list is the same."""
    body = f'{{{listed} "odd": {odd}, "meta": {{"total": 0, "has_more": false}}}}'

    assert decode_page(BACKUPS, body.encode()) == Page(records=(), length=0, more=False, total=0)


@pytest.mark.parametrize(
    ("last", "meta", "following", "markers"),
    [
        (GOOD, {"marker": "m"}, "/v1/instances?marker=l", ("good",)),
        ({"id": "bad"}, {"marker": "m"}, "/v1/instances?marker=l", ("bad",)),
        ({}, {"marker": "m"}, "/v1/instances?marker=l", ("m", "l")),
        ({"id": ""}, {"marker": "m"}, None, ("m",)),
        ({"id": 5}, {"marker": ""}, "https://elsewhere/?limit=5&marker=l%20l&marker=z", ("l l",)),
        ("text", None, "//[", ()),
        (None, None, "/v1/database-backups", ()),
        ({}, {"marker": "\ud800"}, "?marker=\ud800", ("?", "?")),
        ({"id": "x" * 4097}, {"marker": "m"}, None, ("m",)),
        ({}, {"marker": "x" * 4097}, f"?marker={'x' * 4096}", ("x" * 4096,)),
    ],
)
def test_the_marker_is_the_last_id_if_it_has_one(
    last: object, meta: object, following: str | None, markers: tuple[str, ...]
) -> None:
    """The last record may be malformed otherwise; without an id the markers of `meta` and `links` serve."""
    assert page_of(UNDOCUMENTED, last, meta=meta, links={"next": following}).markers == markers


@pytest.mark.parametrize(
    ("meta", "links", "more"),
    [
        ({"has_more": True}, {"next": None}, True),
        ({"has_more": False}, {"next": "/x"}, False),
        ({}, {"next": "/x"}, True),
        (None, {"next": None}, False),
        (None, {"next": ""}, False),
        (None, {}, False),
        ({}, None, None),
        (None, None, None),
    ],
)
def test_more_pages_follow_by_has_more_or_else_by_the_link(
    meta: object,
    links: object,
    more: bool | None,  # noqa: FBT001 - what is expected
) -> None:
    """Without both it is unknown."""
    assert page_of(GOOD, meta=meta, links=links).more is more


@pytest.mark.parametrize(("limit", "total"), [(0, -1), (-5, -45), (None, None)])
def test_impossible_limits_and_totals_are_absent(limit: int | None, total: int | None) -> None:
    """No limit is below one, and no total below zero."""
    page = page_of(GOOD, meta={"limit": limit, "total": total})

    assert (page.limit, page.total) == (None, None)


def test_a_total_of_zero_is_known() -> None:
    """Zero is a number of backups."""
    assert page_of(meta={"total": 0}).total == 0


@pytest.mark.parametrize(("limit", "length", "found"), [(1, 3, 3), (3, 3, 3), (5, 3, 5)])
def test_a_limit_below_the_pages_length_is_corrected(limit: int, length: int, found: int) -> None:
    """The larger of the two is the limit that the API applied."""
    records = [{**GOOD, "id": f"record-{number}"} for number in range(length)]

    assert page_of(*records, meta={"limit": limit}).limit == found


@pytest.mark.parametrize("total", ["9" * 400, str(2**53 + 1), "-1"])
def test_a_total_that_no_list_has_is_absent(total: str) -> None:
    """A number that fits no float would end every walk or every scrape."""
    page = decode_page(BACKUPS, b'{"database_backups": [], "meta": {"total": %s}}' % total.encode())

    assert page.total is None
