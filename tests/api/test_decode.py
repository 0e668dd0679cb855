"""Bodies to pages: documented ones at once, others record by record."""

import json
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.api import decode, lenient
from exporter.api.decode import MOST_OBJECTS, decode_page, decode_records, decode_rest, split_page
from exporter.api.envelope import BACKUPS, INSTANCES
from exporter.api.error_body import decode_error
from exporter.api.lenient import MOST_MALFORMED, MOST_VALUES
from exporter.errors import ApiError, Reason
from exporter.records import Backup, Datastore, Instance, Page, Reference
from exporter.simulator.http.wire import backup_object
from tests.support import memory_bounds
from tests.support.odd_json import ENVELOPE, GOOD, JSON, KEYS, RESTS
from tests.support.pages import UNDOCUMENTED, page_of, refusal

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
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
    name=st.none() | TEXTS,
    location_ref=st.none() | TEXTS,
)


def test_a_documented_page() -> None:
    """The vendor's record with every field; the links have the wrong path, as the vendor's do."""
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
                name="nightly",
                location_ref="https://objects/x",
            ),
        ),
        length=1,
        markers=("good",),
        more=True,
        limit=20,
        total=45,
    )


def test_a_page_of_instances() -> None:
    """It is decoded at once, and record by record if one is malformed."""
    record = {"id": "a", "name": "orders", "replica_of": {"id": "b"}, "addresses": [], "status": "ACTIVE"}
    instance = Instance(id="a", name="orders", replica_of=Reference("b"))
    strict = decode_page(INSTANCES, json.dumps({"database_instances": [record]}).encode())
    lenient = decode_page(INSTANCES, json.dumps({"database_instances": [{}, record]}).encode())

    assert strict.records == lenient.records == (instance,)


@given(st.lists(RECORDS, max_size=4))
def test_both_ways_of_decoding_have_the_same_result(records: list[Backup]) -> None:
    """A malformed record never changes the valid ones around it."""
    rendered = [msgspec.to_builtins(record, builtin_types=[datetime]) for record in records]
    strict = decode_page(BACKUPS, msgspec.json.encode({"database_backups": rendered}))
    lenient = decode_page(BACKUPS, msgspec.json.encode({"database_backups": [UNDOCUMENTED, *rendered]}))

    assert strict.records == lenient.records == tuple(records)
    assert [record.created_at.utcoffset() for record in lenient.records] == [
        record.created_at.utcoffset() for record in records
    ]
    assert (strict.length, lenient.length) == (len(records), len(records) + 1)
    assert strict.markers == (lenient.markers if records else ())


@given(RECORDS)
def test_the_embedded_apis_records_are_decoded_unchanged(record: Backup) -> None:
    """A record with all of the vendor's keys survives the round trip."""
    body = msgspec.json.encode({"database_backups": [backup_object(record, "Z")]})

    assert decode_page(BACKUPS, body).records == (record,)


BEGINNINGS: Final = (
    '{"database_backups": [',
    '{"meta": {"total": 1}, "database_backups": [',
    '{"links": {"next": "x", "database_backups": [',
    '{"database_backups": [{"id": "a", "status": "OK", "created_at": "2026-01-02T03:04:05Z"',
    "[",
)
BODIES = st.builds(
    lambda beginning, records, rest: (beginning + ", ".join(map(json.dumps, records)) + rest).encode(),
    st.sampled_from(BEGINNINGS),
    st.lists(st.sampled_from([GOOD, GOOD | {"name": "a]"}, GOOD | {"tags": [[]]}, UNDOCUMENTED]), max_size=2),
    st.sampled_from(RESTS),
)


def page_or_error(body: bytes) -> Page[Backup] | str:
    """Decode a body as a whole; return its page or the error's text."""
    try:
        return decode_page(BACKUPS, body)
    except ApiError as error:
        return str(error)


def in_parts(body: bytes) -> Page[Backup] | None:
    """Decode a body in two parts."""
    parts = split_page(BACKUPS, body)
    records = decode_records(BACKUPS, parts.records) if parts else None
    return decode_rest(BACKUPS, parts.rest, records) if parts and records is not None else None


@given(BODIES)
@example(b'{"database_backups": [], "database_backups": null}')
@example(b'{"meta": {"total": 1}, "database_backups": [], "meta": {"limit": 2}}')
@example(b'{"database_backups": [], "meta": {"total": 1}, "database_backups": []}')
def test_a_page_in_parts_is_the_page(body: bytes) -> None:
    """Unless it must be decoded as a whole. So known records make no difference, whatever the rest is."""
    page = in_parts(body)

    assert page is None or page == page_or_error(body)


def test_a_documented_page_in_parts() -> None:
    """`meta` is decoded, and the records are those that are known."""
    body = json.dumps({"database_backups": [GOOD], "meta": {"total": 7, "has_more": False}}).encode()
    known = decode_page(BACKUPS, body).records
    parts = split_page(BACKUPS, b"\r\n" + body)

    assert parts is not None
    assert decode_records(BACKUPS, parts.records) == known
    assert decode_rest(BACKUPS, parts.rest, known) == decode_page(BACKUPS, body)


@given(st.binary(max_size=200) | JSON.map(lambda document: json.dumps(document).encode()))
def test_any_bytes_are_a_page_or_an_api_error(body: bytes) -> None:
    """No bytes raise another exception."""
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
def test_any_record_is_valid_or_malformed(records: list[Any], meta: object, links: object) -> None:
    """A record with any fields is one of them, and the page can be encoded again."""
    body = json.dumps({"database_backups": records, "meta": meta, "links": links}).encode()
    try:
        page = decode_page(BACKUPS, body)
    except ApiError as error:
        assert str(error).startswith("the page cannot be used")  # noqa: PT017 - either is right
    else:
        assert len(page.records) + len(page.malformed) == page.length == len(records)
        assert msgspec.json.decode(msgspec.json.encode(page))


ITEMS = (b"{}", b"0", b"[]", b'{"a":1}', b'"xy"', b"1.5", b'{"id":"1"}', b'{"a":' * 90 + b"0" + b"}" * 90)
PLACES = {
    "records": b'{"database_instances":[%s0]}',
    "outside the records": b'{"x":[%s0],"database_instances":[0]}',
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
    """With bounds of a hundredth, no JSON takes more than a hundredth of the memory."""
    monkeypatch.setattr(decode, "MOST_OBJECTS", decode.MOST_OBJECTS // 100)
    for bound in ("LARGEST_BODY", "MOST_VALUES", "MOST_MALFORMED"):
        monkeypatch.setattr(lenient, bound, getattr(lenient, bound) // 100)
    few, many = (cost(place % ((item + b",") * (length // len(item)))) for length in (40_000, 1_000_000))

    assert max(few, many) < memory_bounds.PAGE // 100


def test_a_malformed_record_costs_little() -> None:
    """A thousand of the shortest take at most the bound for each."""
    assert cost(PLACES["records"] % (b"0," * 1000)) < memory_bounds.MALFORMED_RECORD * 1000


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        (b"{}," * (MOST_MALFORMED + 1), "more than 10000 records of the page are malformed"),
        (b"0," * MOST_VALUES, "the page is not as documented, and too large"),
        (b'{"id":"1"},' * (MOST_OBJECTS + 1), "the page holds more than 1000000 JSON objects"),
    ],
    ids=["malformed", "values", "objects"],
)
def test_a_page_beyond_its_bounds_is_refused(records: bytes, problem: str) -> None:
    """The reason is `bad_response`, and the message states the bound."""
    assert refusal(b'{"database_backups":[%s{}]}' % records).message.startswith(problem)
