"""Pages that the last walk has read, and those that it has not."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ApiError
from exporter.records import Backup, Page
from exporter.target import page_reader
from exporter.target.interning import Interner
from exporter.target.page_reader import PageReader
from tests.support.odd_json import GOOD
from tests.support.targets import target

RESTS = (
    "]}",
    '], "meta": {"total": 5, "limit": 2, "has_more": true}}',
    '], "meta": {"total": 6, "limit": 2, "has_more": false}, "links": null}',
    '], "meta": {"total": "5"}}',
    '], "meta": {"marker": "[b]"}}',
    '], "meta": {}, "database_backups": null}',
    '], "meta": {"tags": []}}',
    '], "meta": {"total": 5}',
    "]}}",
    '] "meta": 5}',
    ', 5], "meta": {}}',
    ' "]}',
    "",
)
"""What may follow the records in a body: as documented, odd, and no JSON."""
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
    monkeypatch.setattr(page_reader, "decode_page", None)
    reader = first.for_next_walk(target())
    page, again = (reader.read(body(backup_object(1), total=total)) for total in (6, 7))

    assert (before.total, page.total, again.total) == (5, 6, 7)
    assert page.records[0] is again.records[0] is before.records[0]


def test_a_changed_record_is_decoded() -> None:
    """Even if the JSON is as long as before."""
    page = after(body(backup_object(1, size=1))).read(body(backup_object(1, size=2)))

    assert page.records[0].size == 2


def test_a_page_that_was_not_read_again_is_forgotten() -> None:
    """Only the last walk's pages are known."""
    bodies = [body(backup_object(number)) for number in range(3)]
    reader = after(*bodies)
    kept = read_all(reader, bodies[:2])
    following = reader.for_next_walk(target())
    again = read_all(following, bodies[:2])

    assert repr(reader.for_next_walk(target())) == "PageReader(pages=0, last=0)"
    assert [page.records[0] is old.records[0] for page, old in zip(again, kept, strict=True)] == [True, True]


def test_two_walks_keep_few_more_pages_than_one() -> None:
    """Once one in eight was decoded, each further one replaces one of the last walk's."""
    reader = after(*(body(backup_object(number)) for number in range(8)))
    seen = []
    for number in range(10, 20):
        reader.read(body(backup_object(number)))
        seen.append(repr(reader))

    assert seen == [f"PageReader(pages={read}, last={min(8, max(0, 9 - read))})" for read in range(1, 11)]


def test_copies_of_parents_ids_do_not_pile_up() -> None:
    """Once half a list was decoded after the walk that decoded all of it, the next walk does that again."""
    others = [body(backup_object(number)) for number in range(100, 106)]
    parent, reader, shared = body(backup_object(0)), new_reader(), []
    for number in range(1, 8):
        pages = read_all(reader, [body(backup_object(number, parent_id="b0")), parent, *others])
        shared.append(pages[0].records[0].parent_id is pages[1].records[0].id)
        reader = reader.for_next_walk(target())

    assert shared == [True, False, False, False, False, False, True]
