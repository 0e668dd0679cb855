"""Pages, filters and errors of a list."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from

from exporter.records import Backup, Instance
from exporter.simulator import Quirks, bulk_backups, bulk_instances
from exporter.simulator.http.wire import BACKUPS, INSTANCES, RequestRefusedError
from exporter.simulator.listing import Listing

RECORDS = bulk_backups(45, 6)


def listing(records: tuple[Backup, ...] = RECORDS, **quirks: Any) -> Listing[Backup]:
    """Return a list of backups with some quirks."""
    return Listing(BACKUPS, records, Quirks(**quirks))


def ids(body: dict[str, Any]) -> list[str]:
    """Return the ids on a page of backups."""
    return [record["id"] for record in body["database_backups"]]


def page(of: Listing[Any], **query: str) -> dict[str, Any]:
    """Return a page as a client decodes it."""
    decoded: dict[str, Any] = msgspec.json.decode(of.encoded(query))
    return decoded


def refusal(of: Listing[Backup], **query: str) -> int:
    """Return the status with which a query is refused."""
    with pytest.raises(RequestRefusedError) as caught:
        of.page(query)
    return caught.value.status


@given(integers(0, 45), integers(1, 50))
def test_a_walk_by_marker_returns_every_record_once(length: int, limit: int) -> None:
    """A walk with any limit ends and sees every record once, in order."""
    walked, query, more = [], {"limit": str(limit)}, True
    while more:
        body = page(listing(RECORDS[:length]), **query)
        walked += ids(body)
        more = body["meta"]["has_more"]
        query["marker"] = body["meta"]["marker"]

    assert walked == [record.id for record in RECORDS[:length]]
    assert body["meta"]["total"] == length


@given(sampled_from(RECORDS), integers(1, 50))
def test_filters_return_matching_records(record: Backup, limit: int) -> None:
    """A filtered list holds and counts only matching records."""
    wanted = {"status": record.status, "instance_id": record.instance_id or ""}
    of = listing()
    body = page(of, limit=str(limit), **wanted)
    matching = [r.id for r in RECORDS if (r.status, r.instance_id) == (record.status, record.instance_id)]

    assert ids(body) == matching[:limit]
    assert body["meta"]["total"] == page(of, **wanted)["meta"]["total"] == len(matching)


def test_names_match_exactly_or_by_prefix() -> None:
    """A name with a star at its end is a prefix."""
    name = RECORDS[3].name or ""

    assert ids(page(listing(), name=name)) == [r.id for r in RECORDS if r.name == name]
    assert page(listing(), name="database-*")["meta"]["total"] == 45
    assert ids(page(listing(), name="backup-")) == []


def test_instances_have_fewer_filters() -> None:
    """Instances can be filtered by name and datastore; unknown parameters are ignored."""
    of = Listing(INSTANCES, (*bulk_instances(12), Instance(id="bare")), Quirks())

    assert len(page(of, datastore_type="redis")["database_instances"]) == 2
    assert len(page(of, name="database-000*", status="ACTIVE")["database_instances"]) == 10
    assert len(page(of, instance_id="x")["database_instances"]) == 13


def test_the_default_page_size_is_twenty() -> None:
    """Without a limit a page has 20 records, as documented."""
    body = page(listing())

    assert ids(body) == [record.id for record in RECORDS[:20]]
    assert body["meta"] == {"total": 45, "limit": 20, "marker": RECORDS[19].id, "has_more": True}


def test_links_have_the_documented_url() -> None:
    """Links have the documented URL and the markers of the neighboring pages."""
    of = listing()
    first = page(of)["links"]
    second = page(of, marker=RECORDS[19].id)["links"]
    third = page(of, marker=RECORDS[39].id)["links"]
    base = "https://api.spo1.mycloud.com/v1/instances?limit=20"

    assert first == {"self": base, "next": f"{base}&marker={RECORDS[19].id}", "previous": None}
    assert second["previous"] == base
    assert third["previous"] == f"{base}&marker={RECORDS[19].id}"
    assert third["next"] is None


@pytest.mark.parametrize("limit", ["0", "-1", "many", "", "1.5", "٣", "9" * 5000])
def test_an_invalid_limit_is_refused(limit: str) -> None:
    """A limit must be a positive integer."""
    assert refusal(listing(), limit=limit) == 400


def test_a_limit_that_is_too_high_is_lowered_or_refused() -> None:
    """A limit that is too high is lowered or refused."""
    assert page(listing(max_limit=10), limit="11")["meta"]["limit"] == 10
    assert page(listing(max_limit=10), limit="10")["meta"]["limit"] == 10
    assert refusal(listing(max_limit=10, over_limit="refuse"), limit="11") == 400
    assert refusal(listing(max_limit=10, over_limit="refuse", refuse_status=422), limit="11") == 422


def test_the_reply_to_a_dead_marker_is_a_quirk() -> None:
    """A dead marker gives an error, an empty last page or the start of the list."""
    empty = page(listing(dead_marker="empty"), marker="gone")

    assert refusal(listing(), marker="gone") == 404
    assert refusal(listing(dead_marker_status=422), marker="gone") == 422
    assert ids(empty) == []
    assert empty["meta"] == {"total": 45, "limit": 20, "marker": None, "has_more": False}
    assert ids(page(listing(dead_marker="start"), marker="gone")) == ids(page(listing()))


def test_keys_can_be_absent() -> None:
    """Every top-level key may be absent, as documented."""
    assert set(page(listing(meta=False, links=False))) == {"database_backups"}
    assert set(page(listing((), null_list=True))) == {"meta", "links"}
    assert set(page(listing(total=False, has_more=False))["meta"]) == {"limit", "marker"}


def test_a_single_record() -> None:
    """A record is available by its id; an unknown id is a 404."""
    body: Any = listing().one(RECORDS[7].id)

    assert body["database_backup"]["id"] == RECORDS[7].id
    with pytest.raises(RequestRefusedError, match="Backup gone not found"):
        listing().one("gone")


def test_pages_are_cached_up_to_a_limit() -> None:
    """A page is cached until a thousand others were requested."""
    of = listing()
    before = of.encoded({"limit": "1"})
    same = of.encoded({"limit": "1"})
    for number in range(1024):
        of.encoded({"limit": "1", "ignored": str(number)})

    assert same is before
    assert of.encoded({"limit": "1"}) is not before
    assert of.encoded({"limit": "1"}) == before
