"""Pages that are not as documented."""

import pytest

from exporter.api.decode import decode_page
from exporter.api.envelope import BACKUPS
from exporter.api.lenient import LARGEST_BODY, MOST_MALFORMED
from exporter.errors import Reason
from exporter.records import Malformed
from tests.support.odd_json import GOOD
from tests.support.pages import page_of, refusal


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({}, "Object missing required field `id`"),
        ({**GOOD, "id": None}, "Object missing required field `id`"),
        ({**GOOD, "id": ""}, "Expected `str` of length >= 1 - at `$.id`"),
        ({**GOOD, "id": 5}, "Expected `str`, got `int` - at `$.id`"),
        ({**GOOD, "status": None}, "Object missing required field `status`"),
        ({**GOOD, "status": ["COMPLETED"]}, "Expected `str`, got `array` - at `$.status`"),
        ({**GOOD, "created_at": None}, "Object missing required field `created_at`"),
        ({**GOOD, "created_at": 1_767_000_000}, "Expected `datetime`, got `int` - at `$.created_at`"),
        ({**GOOD, "created_at": "\ud800"}, "Invalid RFC3339 encoded datetime - at `$.created_at`"),
        ({**GOOD, "created_at": "yesterday"}, "Invalid RFC3339 encoded datetime - at `$.created_at`"),
        (
            {**GOOD, "created_at": "2026-02-30T00:00:00Z"},
            "Invalid RFC3339 encoded datetime - at `$.created_at`",
        ),
        (None, "Expected `object`, got `null`"),
        ("text", "Expected `object`, got `str`"),
        ([], "Expected `object`, got `array`"),
    ],
)
def test_a_malformed_record_is_skipped(record: object, problem: str) -> None:
    """It is reported with its position, from 1, and counts in the page's length."""
    page = page_of(GOOD, record, GOOD | {"id": "last"})

    assert [found.id for found in page.records] == ["good", "last"]
    assert [(bad.position, bad.problem) for bad in page.malformed] == [(2, problem)]
    assert page.length == 3
    assert page.markers == ("last",)


def test_lone_surrogates_and_bad_utf_8_are_replaced() -> None:
    """No label value and no query can carry them."""
    record = r'{"id": "a\ud800", "status": "S\udfff", "created_at": "2026-01-02T03:04:05Z", "name": "\ud800"}'
    broken = b'{"id": "b", "status": "S\xff", "created_at": "2026-01-02T03:04:05Z"}'
    page = decode_page(BACKUPS, b'{"database_backups": [%s, %s]}' % (record.encode(), broken))

    assert [(backup.id, backup.status) for backup in page.records] == [("a?", "S?"), ("b", "S\ufffd")]


def test_a_lone_surrogate_in_place_of_a_record_is_malformed() -> None:
    """It costs neither the other records nor the walk."""
    good = b'{"id": "a", "status": "S", "created_at": "2026-01-02T03:04:05Z"}'
    page = decode_page(BACKUPS, b'{"database_backups": [%s, "\\ud800"]}' % good)

    assert [backup.id for backup in page.records] == ["a"]
    assert page.malformed == (Malformed(2, "Expected `object`, got `str`"),)


def test_a_malformed_record_is_identified_by_its_id() -> None:
    """Another page may hold it again. Without a text as id, nothing identifies it."""
    first, same, other, *unknown = page_of(
        {"id": "a"}, {"id": "a", "size": 1}, {"id": "b"}, {"id": 5}, 5
    ).malformed

    assert first.identity == same.identity != other.identity
    assert [bad.identity for bad in unknown] == [None, None]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"<html>", "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "the body is JSON, but not an object"),
        (b"null", "the body is JSON, but not an object"),
        (b"{}", "the body has no `database_backups`"),
        (b'{"database_instances": []}', "the body has no `database_backups`"),
        (b'{"database_backups": null}', "the body has no `database_backups`"),
        (b'{"meta": {"total": 3}}', "the body has no `database_backups`"),
        (b'{"meta": {"total": 3}, "x": NaN}', "the body has no `database_backups`"),
        (b'{"database_backups": {}}', "`database_backups` is not a list"),
        (
            b'{"database_backups": [], "meta": []}',
            "the page cannot be used: Expected `object | null`, got `array` - at `$.meta`",
        ),
        (
            b'{"database_backups": [], "meta": {"total": "\\ud800"}}',
            "the page cannot be used: Expected `int | null`, got `str` - at `$.meta.total`",
        ),
        (
            b'{"database_backups": [], "meta": {"limit": "\\ud800"}}',
            "the page cannot be used: Expected `int | null`, got `str` - at `$.meta.limit`",
        ),
        (b"[" * 100_000, "the body is JSON nested too deeply"),
        (b'{"a":' * 100_000, "the body is JSON nested too deeply"),
        (b'{"database_backups":' + b"[" * 100_000, "the body is JSON nested too deeply"),
    ],
)
def test_a_body_without_a_list_is_refused(body: bytes, message: str) -> None:
    """The reason is `bad_response`, and the message says what is wrong."""
    error = refusal(body)

    assert error.reason is Reason.BAD_RESPONSE
    assert str(error) == message


def test_the_most_malformed_records_are_counted() -> None:
    """The bound itself is no failure."""
    page = decode_page(BACKUPS, b'{"database_backups":[%s0]}' % (b"{}," * (MOST_MALFORMED - 1)))

    assert len(page.malformed) == page.length == MOST_MALFORMED


def test_the_largest_body_is_decoded() -> None:
    """A page that is not as documented may have all the bytes of the bound, and none more."""
    page = b'{"database_backups":[0]}'
    largest = page + b" " * (LARGEST_BODY - len(page))

    assert decode_page(BACKUPS, largest).length == 1
    error = refusal(largest + b" ")
    assert error.reason is Reason.BAD_RESPONSE
    assert error.message == "the page is not as documented, and too large to decode record by record"
