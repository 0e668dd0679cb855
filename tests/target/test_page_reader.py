"""Pages that the last walk has read, and those that it has not."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.api import decode_records
from exporter.api.envelope import ListEndpoint
from exporter.errors import ApiError, Reason
from exporter.records import Backup, Page
from exporter.results import WalkResult
from exporter.simulator import Quirks
from exporter.simulator.http.wire import BACKUPS as SERVED
from exporter.simulator.http.wire import RequestRefusedError
from exporter.simulator.listing import Listing
from exporter.target import page_reader
from exporter.target.interning import Interner
from exporter.target.page_reader import PageReader
from exporter.walk import PageBoundaries, PageSize, walk_concurrently
from tests.support.builders import NOON, backup
from tests.support.lists import newest_first
from tests.support.odd_json import GOOD, RESTS
from tests.support.pools import ManualPool
from tests.support.targets import target

RECORD = st.builds(
    lambda number, more: GOOD | {"id": f"b{number}"} | more,
    st.integers(0, 3),
    st.sampled_from(
        [
            {},
            {"parent_id": "b0"},
            {"name": "a]"},
            {"status": None},
            {"name": 'b"], "meta": {}}', "tags": [[1]]},
        ]
    ),
)
BODIES = st.builds(
    lambda start, records, rest: (start + ", ".join(map(json.dumps, records)) + rest).encode(),
    st.sampled_from(['{"database_backups": [', '{"meta": {"total": 1}, "database_backups": [', "["]),
    st.lists(RECORD, max_size=2),
    st.sampled_from(RESTS),
)


def body(*records: Mapping[str, Any], total: int = 5) -> bytes:
    """Encode a page of these records."""
    return json.dumps({"database_backups": records, "meta": {"total": total}}).encode()


def backup_object(number: int, **fields: object) -> Mapping[str, Any]:
    """Return the JSON object of a backup."""
    return GOOD | {"id": f"b{number}"} | fields


def new_reader() -> PageReader:
    """Make the reader of a first walk."""
    return PageReader(Interner.of(target()))


def read_all(reader: PageReader, bodies: Iterable[bytes]) -> Sequence[Page[Backup]]:
    """Read the pages of one walk."""
    return [reader.read(one) for one in bodies]


def after(*bodies: bytes) -> PageReader:
    """Return the reader of the walk after one that has read these pages."""
    reader = new_reader()
    read_all(reader, bodies)
    reader.end_walk()
    return reader.for_next_walk(target())


def page_or_error(reader: PageReader, one: bytes) -> Page[Backup] | str:
    """Read a body; return its page or the error's text."""
    try:
        return reader.read(one)
    except ApiError as error:
        return str(error)


@given(st.lists(st.lists(BODIES, max_size=4), max_size=4))
def test_every_page_is_what_a_reader_without_a_past_returns(walks: list[list[bytes]]) -> None:
    """Whatever other walks have read, and however odd the bodies are."""
    reader = new_reader()
    for bodies in walks:
        for one in bodies:
            assert page_or_error(reader, one) == page_or_error(new_reader(), one)
        reader = reader.for_next_walk(target())


def test_a_page_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next walk has the same objects, although the list's total has changed."""
    first = new_reader()
    before = first.read(body(backup_object(1), total=5))
    monkeypatch.setattr(page_reader, "decode_records", None)
    reader = first.for_next_walk(target())
    page, again = (reader.read(body(backup_object(1), total=total)) for total in (6, 7))

    assert (before.total, page.total, again.total) == (5, 6, 7)
    assert page.records[0] is again.records[0] is before.records[0]


def test_a_changed_record_is_decoded() -> None:
    """Even if the JSON is as long as before."""
    page = after(body(backup_object(1, size=1))).read(body(backup_object(1, size=2)))

    assert page.records[0].size == 2


def test_a_page_that_was_not_read_again_is_forgotten() -> None:
    """Once the walk is complete. A walk that failed may have read it later."""
    bodies = [body(backup_object(number)) for number in range(3)]
    reader = after(*bodies)
    read_all(reader, bodies[:2])
    failed = repr(reader.for_next_walk(target()))
    reader.end_walk()
    complete = repr(reader.for_next_walk(target()))

    assert (failed, complete) == ("PageReader(pages=0, last=3)", "PageReader(pages=0, last=2)")


def test_two_walks_keep_few_more_pages_than_one() -> None:
    """Once one in sixteen was decoded, and eight at least, each further one replaces an old one."""
    for known, spare in ((10, 8), (160, 10)):
        reader = after(*(body(backup_object(number)) for number in range(known)))
        left = [known] * spare + list(range(known - 1, 0, -1))
        for read, last in enumerate(left, 1):
            reader.read(body(backup_object(known + read)))
            assert repr(reader) == f"PageReader(pages={read}, last={last})"


def test_walks_that_fail_keep_no_more_pages_together() -> None:
    """However many fail after they have read a few pages that have changed."""
    reader = after(*(body(backup_object(number)) for number in range(10)))
    kept = set()
    for walk in range(1, 20):
        read_all(reader, (body(backup_object(5 * walk + number)) for number in range(10, 15)))
        reader = reader.for_next_walk(target())
        kept.add(repr(reader))

    assert kept <= {f"PageReader(pages=0, last={pages})" for pages in range(19)}


def test_copies_of_parents_ids_do_not_pile_up() -> None:
    """Once half a list was decoded after the walk that decoded all of it, the next walk does that again."""
    others = [body(backup_object(number)) for number in range(100, 106)]
    parent, reader, shared = body(backup_object(0)), new_reader(), []
    for number in range(1, 8):
        pages = read_all(reader, [body(backup_object(number, parent_id="b0")), parent, *others])
        shared.append(pages[0].records[0].parent_id is pages[1].records[0].id)
        reader.end_walk()
        reader = reader.for_next_walk(target())

    assert shared == [True, False, False, False, False, False, True]


class ListedOverTime:
    """A list of pages of three that changes between its walks, as the embedded API sends it."""

    def __init__(self, records: Iterable[Backup]) -> None:
        self.records = tuple(records)
        self.reader = new_reader()
        self.boundaries = PageBoundaries()

    def fetch(self, marker: str | None, limit: int) -> bytes:
        """Return the body of a page."""
        query = {"limit": str(limit)} | ({"marker": marker} if marker else {})
        try:
            return Listing(SERVED, self.records, Quirks()).encoded(query)
        except RequestRefusedError as refusal:
            raise ApiError(Reason.CLIENT_ERROR, str(refusal), status=refusal.status) from None

    def walk(self) -> WalkResult[Backup]:
        """Walk with what the last walk has left."""
        self.reader = self.reader.for_next_walk(target())
        found, self.boundaries = self._walk(self.reader, self.boundaries)
        self.reader.end_walk()
        return found

    def walk_without_a_past(self) -> WalkResult[Backup]:
        """Walk as if it were the first time."""
        return self._walk(new_reader(), PageBoundaries())[0]

    def _walk(
        self, reader: PageReader, boundaries: PageBoundaries
    ) -> tuple[WalkResult[Backup], PageBoundaries]:
        return walk_concurrently(self.fetch, reader.read, PageSize(3), ManualPool(2).pool, boundaries)


def changed(records: Sequence[Backup], made: int, place: int, kind: str) -> Iterable[Backup]:
    """Change a list in one way at one place.

    :param made: how many changes were made before, which makes each one different.
    """
    before, chosen, behind = records[:place], records[place : place + 1], records[place + 1 :]
    moment = NOON + timedelta(days=1, minutes=made)
    match kind:
        case "new":
            return (backup(f"new{made}", updated_at=moment), *records)
        case "updated":
            return (*(replace(one, updated_at=moment, status="FAILED") for one in chosen), *before, *behind)
        case "rewritten":
            return (*before, *(replace(one, size=float(made)) for one in chosen), *behind)
        case _:
            return (*before, *behind)


CHANGES = st.lists(
    st.tuples(st.integers(0, 25), st.sampled_from(["new", "new", "updated", "rewritten", "deleted"])),
    max_size=3,
)


@given(st.integers(0, 25), st.lists(CHANGES, max_size=6))
def test_every_walk_finds_what_a_walk_without_a_past_finds(
    size: int, walks: list[list[tuple[int, str]]]
) -> None:
    """Whatever has changed since the last walk, even without a new `updated_at`."""
    api, made = ListedOverTime(newest_first(size)), 0
    for changes in walks:
        for place, kind in changes:
            api.records = tuple(changed(api.records, made := made + 1, place, kind))
        found, expected = api.walk(), api.walk_without_a_past()
        assert found.records == {record.id: record for record in expected.records.values()}
        assert list(found.records) == [record.id for record in api.records]
        assert replace(found, records={}) == replace(expected, records={})


@pytest.mark.parametrize("fresh", [1, 2, 3])
def test_new_backups_cost_few_pages(monkeypatch: pytest.MonkeyPatch, fresh: int) -> None:
    """All other pages begin and end where they did, in every later walk."""
    decoded: list[memoryview] = []

    def decode(endpoint: ListEndpoint[Backup], part: memoryview) -> tuple[Backup, ...] | None:
        decoded.append(part)
        return decode_records(endpoint, part)

    monkeypatch.setattr(page_reader, "decode_records", decode)
    api, costs = ListedOverTime(newest_first(300)), []
    for number in range(8):
        decoded.clear()
        api.walk()
        costs.append(len(decoded))
        new = (backup(f"{number}-{at}", updated_at=NOON + timedelta(days=1 + number)) for at in range(fresh))
        api.records = (*new, *api.records)

    assert costs[0] == 100
    assert max(costs[1:]) <= 3
