"""Bytes to pages: every oddity of the API costs what it must and no more."""

import json
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.api import decode
from exporter.api.decode import (
    BACKUPS,
    INSTANCES,
    LARGEST_ERROR,
    MOST_LENIENT_VALUES,
    MOST_MALFORMED,
    MOST_OBJECTS,
    decode_error,
    decode_page,
)
from exporter.errors import ApiError, Reason
from exporter.records import Backup, Datastore, Instance, Malformed, Page, Reference
from exporter.simulator.http.wire import backup_object
from tests.support.odd_json import ENVELOPE, GOOD, JSON, KEYS

MIB = 1024 * 1024
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BROKEN = {"status": "COMPLETED"}
"""A record whose presence alone has the page decoded leniently."""

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
MOMENTS = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5)), timezone(-timedelta(hours=3, minutes=30))])
)
RECORDS = st.builds(
    Backup,
    id=TEXTS.filter(bool),
    status=TEXTS.filter(bool),
    created_at=MOMENTS,
    updated_at=st.none() | MOMENTS,
    instance_id=st.none() | TEXTS,
    parent_id=st.none() | TEXTS,
    size=st.none() | st.floats(0, 1e308) | st.integers(0, 10**15).map(float),
    datastore=st.none() | st.builds(Datastore, type=st.none() | TEXTS, version=st.none() | TEXTS),
)


def page_of(*records: object, **rest: object) -> Page[Backup]:
    """Decode a page of these records."""
    return decode_page(BACKUPS, json.dumps({"database_backups": records, **rest}).encode())


def decoded(**fields: object) -> Backup:
    """Decode a good record with these fields."""
    return page_of(GOOD | fields).records[0]


def refusal(body: bytes) -> ApiError:
    """Return what a body is refused with."""
    with pytest.raises(ApiError) as raised:
        decode_page(BACKUPS, body)
    return raised.value


def test_a_page_as_documented() -> None:
    """The vendor's record, every field; the `links` with the wrong path give no more than a marker."""
    record = GOOD | {
        "crn": "crn:spo1:database:backup:good",
        "name": "nightly",
        "description": None,
        "instance_id": "one",
        "parent_id": "before",
        "size": 2.27,
        "datastore": {"type": "mysql", "version": "8.0", "version_id": "v"},
        "location_ref": "https://objects/x",
        "updated_at": "2026-01-02T03:14:05Z",
    }
    links = {"self": "/v1/instances?limit=20", "next": "/v1/instances?limit=20&marker=x", "previous": None}
    page = page_of(record, meta={"total": 45, "limit": 20, "marker": "m", "has_more": True}, links=links)

    assert page == Page(
        records=(
            Backup(
                id="good",
                status="COMPLETED",
                created_at=MOMENT,
                updated_at=MOMENT + timedelta(minutes=10),
                instance_id="one",
                parent_id="before",
                size=2.27,
                datastore=Datastore(type="mysql", version="8.0"),
            ),
        ),
        length=1,
        markers=("good",),
        more=True,
        limit=20,
        total=45,
    )


def test_instances_are_decoded_too() -> None:
    """Strictly, and leniently beside a malformed one."""
    record = {"id": "a", "name": "orders", "replica_of": {"id": "b"}, "addresses": [], "status": "ACTIVE"}
    instance = Instance(id="a", name="orders", replica_of=Reference("b"))
    strict = decode_page(INSTANCES, json.dumps({"database_instances": [record]}).encode())
    lenient = decode_page(INSTANCES, json.dumps({"database_instances": [{}, record]}).encode())

    assert strict.records == lenient.records == (instance,)


@given(st.lists(RECORDS, max_size=4))
def test_the_lenient_path_gives_what_the_strict_one_gives(records: list[Backup]) -> None:
    """A malformed record beside them changes nothing for the valid ones."""
    rendered = [msgspec.to_builtins(record, builtin_types=[datetime]) for record in records]
    strict = decode_page(BACKUPS, msgspec.json.encode({"database_backups": rendered}))
    lenient = decode_page(BACKUPS, msgspec.json.encode({"database_backups": [BROKEN, *rendered]}))

    assert strict.records == lenient.records == tuple(records)
    assert [record.created_at.utcoffset() for record in lenient.records] == [
        record.created_at.utcoffset() for record in records
    ]
    assert (strict.length, lenient.length) == (len(records), len(records) + 1)
    assert strict.markers == (lenient.markers if records else ())


@given(RECORDS)
def test_the_embedded_api_writes_what_is_read(record: Backup) -> None:
    """The rendering with all of the vendor's keys comes back as it was."""
    body = msgspec.json.encode({"database_backups": [backup_object(record, "Z")]})

    assert decode_page(BACKUPS, body).records == (record,)


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
def test_a_malformed_record_costs_only_itself(record: object, problem: str) -> None:
    """It is named with its position, from 1, and counts in the page's length."""
    page = page_of(GOOD, record, GOOD | {"id": "last"})

    assert [found.id for found in page.records] == ["good", "last"]
    assert page.malformed == (Malformed(2, problem),)
    assert page.length == 3
    assert page.markers == ("last",)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", MOMENT),
        ("2026-01-02T03:04:05.5Z", MOMENT.replace(microsecond=500_000)),
        ("2026-01-02T03:04:05.123456Z", MOMENT.replace(microsecond=123_456)),
        ("2026-01-02T03:04:05.123456000Z", MOMENT.replace(microsecond=123_456)),
        ("2026-01-02T03:04:05+00:00", MOMENT),
        ("2026-01-02T03:04:05.000000+00:00", MOMENT),
        ("2026-01-02T05:04:05+02:00", MOMENT),
        ("2026-01-02T03:04:05", MOMENT),
        ("2026-01-02T03:04:05.000000", MOMENT),
        ("2026-01-02 03:04:05", MOMENT),
        ("2026-01-02t03:04:05z", MOMENT),
        (" 2026-01-02T03:04:05Z ", MOMENT),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("other", [(), (BROKEN,)])
def test_time_stamps(text: str, moment: datetime, other: tuple[object, ...]) -> None:
    """Every form of the API notes is an aware time; without a zone it is UTC."""
    page = page_of(*other, GOOD | {"created_at": text, "updated_at": text})

    assert page.records[0].created_at == page.records[0].updated_at == moment


@pytest.mark.parametrize("value", ["soon", "", 5, {}, None])
def test_an_unusable_end_is_no_end(value: object) -> None:
    """A backup counts without its `updated_at`."""
    assert decoded(updated_at=value).updated_at is None


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "NaN",
        "Infinity",
        "1e999",
        "-1",
        "-0.01",
        '"big"',
        '""',
        "true",
        "false",
        "[]",
        "{}",
        "9" * 5000,
    ],
)
def test_sizes_that_are_none(text: str) -> None:
    """What is no number from zero to the largest says nothing."""
    body = json.dumps({"database_backups": [GOOD | {"size": "SIZE"}]}).replace('"SIZE"', text)

    assert decode_page(BACKUPS, body.encode()).records[0].size is None


@pytest.mark.parametrize(
    ("value", "size"), [(0, 0.0), (2.27, 2.27), (10**30, 1e30), (1e308, 1e308), ("2.5", 2.5)]
)
@pytest.mark.parametrize("other", [(), (BROKEN,)])
def test_sizes(value: object, size: float, other: tuple[object, ...]) -> None:
    """A number as text is a number too."""
    assert page_of(*other, GOOD | {"size": value}).records[0].size == size


@pytest.mark.parametrize("value", [5, 1.5, True, [], {"id": "before"}])
def test_an_id_of_a_wrong_type_is_not_absent(value: object) -> None:
    """A lost parent must never read as no parent: that would make a full backup of an incremental."""
    backup = decoded(parent_id=value, instance_id=value)

    assert backup.parent_id is not None
    assert backup.parent_id.startswith("<")
    assert backup.instance_id == backup.parent_id


@pytest.mark.parametrize(
    ("value", "datastore"),
    [
        (None, None),
        ("mysql", None),
        ([], None),
        ({}, Datastore()),
        ({"type": 5, "version": None}, Datastore()),
        ({"type": "mysql", "version": 8}, Datastore(type="mysql")),
    ],
)
@pytest.mark.parametrize("other", [(), (BROKEN,)])
def test_datastores(value: object, datastore: Datastore | None, other: tuple[object, ...]) -> None:
    """Of a strange one what can be used is used."""
    assert page_of(*other, GOOD | {"datastore": value}).records[0].datastore == datastore


def test_lone_surrogates_and_bad_utf_8_are_replaced() -> None:
    """No label value and no query could carry them."""
    record = r'{"id": "a\ud800", "status": "S\udfff", "created_at": "2026-01-02T03:04:05Z", "name": "\ud800"}'
    broken = b'{"id": "b", "status": "S\xff", "created_at": "2026-01-02T03:04:05Z"}'
    page = decode_page(BACKUPS, b'{"database_backups": [%s, %s]}' % (record.encode(), broken))

    assert [(backup.id, backup.status) for backup in page.records] == [("a?", "S?"), ("b", "S\ufffd")]


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
def test_a_body_that_is_no_list(body: bytes, message: str) -> None:
    """It is `bad_response`, with a word on what is wrong."""
    error = refusal(body)

    assert error.reason is Reason.BAD_RESPONSE
    assert str(error) == message


@pytest.mark.parametrize("listed", ["", '"database_backups": null,'])
@pytest.mark.parametrize("odd", ["1", "NaN"])
def test_an_absent_list_beside_a_total_of_none_is_an_empty_page(listed: str, odd: str) -> None:
    """As Go's `omitempty` writes it; so is a null one, strictly or leniently decoded."""
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
def test_markers(last: object, meta: object, following: str | None, markers: tuple[str, ...]) -> None:
    """The last record's id, be it malformed otherwise; else meta's, then the link's."""
    assert page_of(BROKEN, last, meta=meta, links={"next": following}).markers == markers


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
def test_whether_more_follows(meta: object, links: object, more: bool | None) -> None:  # noqa: FBT001 - what is expected
    """By `has_more`, else by the next link, else nobody knows."""
    assert page_of(GOOD, meta=meta, links=links).more is more


@pytest.mark.parametrize(("limit", "total"), [(0, -1), (-5, -45), (None, None)])
def test_numbers_that_say_nothing(limit: int | None, total: int | None) -> None:
    """No limit is below one, no total below zero."""
    page = page_of(GOOD, meta={"limit": limit, "total": total})

    assert (page.limit, page.total) == (None, None)


def test_an_empty_total_counts() -> None:
    """Zero is a number of backups."""
    assert page_of(meta={"total": 0}).total == 0


@given(st.binary(max_size=200) | JSON.map(lambda document: json.dumps(document).encode()))
def test_any_bytes_are_a_page_or_an_api_error(body: bytes) -> None:
    """Nothing else comes out of them."""
    try:
        page = decode_page(BACKUPS, body)
    except ApiError as error:
        assert error.reason is Reason.BAD_RESPONSE  # noqa: PT017 - either is right
    else:
        assert page.length == 0
    decode_error(body)


@given(
    st.lists(st.dictionaries(KEYS, JSON, max_size=6).map(lambda odd: GOOD | odd) | JSON, max_size=4),
    ENVELOPE,
    ENVELOPE,
)
def test_any_records_are_sorted_out(records: list[Any], meta: object, links: object) -> None:
    """Every one is a record or malformed, whatever stands in its fields; what comes out can be encoded."""
    body = json.dumps({"database_backups": records, "meta": meta, "links": links}).encode()
    try:
        page = decode_page(BACKUPS, body)
    except ApiError as error:
        assert str(error).startswith("the page cannot be used")  # noqa: PT017 - either is right
    else:
        assert len(page.records) + len(page.malformed) == page.length == len(records)
        assert msgspec.json.decode(msgspec.json.encode(page))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'{"error": {"code": 401, "message": "No", "details": "expired", "request_id": "req-1"}}',
            ("No: expired", "req-1"),
        ),
        (b'{"error": {"code": 401, "message": "No"}}', ("No", None)),
        (b'{"error": {"details": "only", "request_id": 5}}', ("only", None)),
        (b'{"error": {"message": ["No"], "request_id": "\\ud800"}}', (None, "?")),
        (b'{"error": {}}', (None, None)),
        (b'{"error": null}', (None, None)),
        (b'{"error": "No"}', (None, None)),
        (b"{}", (None, None)),
        (b"[]", (None, None)),
        (b"<html>\xff", (None, None)),
        (b"", (None, None)),
        (b"[" * 100_000, (None, None)),
    ],
)
def test_error_bodies(body: bytes, said: tuple[str | None, str | None]) -> None:
    """Their words and the request's id are taken as far as they are there."""
    assert decode_error(body) == said


def test_a_long_error_body_is_not_read() -> None:
    """The vendor's are short; a long one would cost memory for words that are cut anyway."""
    assert decode_error(json.dumps({"error": {"message": "x" * LARGEST_ERROR}}).encode()) == (None, None)


ITEMS = (b"{}", b"0", b"[]", b'{"a":1}', b'"xy"', b"1.5", b'{"id":"1"}', b'{"a":' * 90 + b"0" + b"}" * 90)
PLACES = {
    "records": b'{"database_instances":[%s0]}',
    "beside the records": b'{"x":[%s0],"database_instances":[0]}',
    "in a record": b'{"database_instances":[{"x":[%s0]}]}',
    "in the meta": b'{"meta":{"x":[%s0]},"database_instances":[0]}',
}


def cost(body: bytes) -> int:
    """Return the most memory that decoding a body took."""
    tracemalloc.start()
    try:
        with suppress(ApiError):
            decode_page(INSTANCES, body)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item[:10].decode())
def test_no_page_costs_more_than_its_bound(
    monkeypatch: pytest.MonkeyPatch, place: bytes, item: bytes
) -> None:
    """However much JSON of however strange records: with bounds of a hundredth, a hundredth of 400 MiB."""
    for bound in ("MOST_OBJECTS", "MOST_LENIENT_VALUES", "MOST_MALFORMED", "LARGEST_LENIENT_BODY"):
        monkeypatch.setattr(decode, bound, getattr(decode, bound) // 100)
    few, many = (cost(place % ((item + b",") * (length // len(item)))) for length in (40_000, 1_000_000))

    assert max(few, many) < 4 * MIB


def test_a_malformed_record_costs_little() -> None:
    """A thousand of them, the shortest that there are, at most 400 bytes each."""
    assert cost(PLACES["records"] % (b"0," * 1000)) < 400 * 1000


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        (b"{}," * (MOST_MALFORMED + 1), "more than 10000 records of the page are malformed"),
        (b"0," * MOST_LENIENT_VALUES, "the page is not as documented, and too large"),
        (b'{"id":"1"},' * (MOST_OBJECTS + 1), "the page holds more than 1000000 JSON objects"),
    ],
    ids=["malformed", "values", "objects"],
)
def test_a_page_beyond_its_bounds_is_refused(records: bytes, problem: str) -> None:
    """As `bad_response`, with the bound."""
    assert refusal(b'{"database_backups":[%s{}]}' % records).message.startswith(problem)


def test_as_many_malformed_records_as_may_be_are_counted() -> None:
    """The bound itself is no failure."""
    page = decode_page(BACKUPS, b'{"database_backups":[%s0]}' % (b"{}," * (MOST_MALFORMED - 1)))

    assert len(page.malformed) == page.length == MOST_MALFORMED


@pytest.mark.parametrize(("limit", "length", "found"), [(1, 3, 3), (3, 3, 3), (5, 3, 5)])
def test_a_limit_below_the_pages_length_is_none(limit: int, length: int, found: int) -> None:
    """The larger of the two is the limit in force: pages of that length are what the API gives."""
    records = [{**GOOD, "id": f"record-{number}"} for number in range(length)]

    assert page_of(*records, meta={"limit": limit}).limit == found
