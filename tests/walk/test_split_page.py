"""Parts of a page."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.records import Backup, Malformed, Page
from exporter.walk.split_page import after, record_at, split
from tests.support.builders import backup


def page(records: Sequence[bool]) -> Page[Backup]:
    """Make a page of records that are well-formed or malformed."""
    places = list(enumerate(records, start=1))
    return Page(
        records=tuple(backup(f"at-{place}") for place, is_valid in places if is_valid),
        malformed=tuple(Malformed(place, f"bad-{place}") for place, is_valid in places if not is_valid),
        length=len(records),
        markers=("the end",),
        more=False,
        limit=9,
        total=99,
    )


@given(
    before=st.lists(st.booleans()),
    behind=st.lists(st.booleans()),
)
def test_a_page_is_the_sum_of_its_parts(before: list[bool], behind: list[bool]) -> None:
    """Each part has its own records, malformed ones at their new positions; the first part claims more."""
    whole = page([*before, True, *behind])
    until, rest = split(whole, sum(before) + 1, 9)
    place = len(before) + 1

    assert until.records + rest.records == whole.records
    assert (until.length, rest.length) == (place, len(behind))
    assert [bad.position for bad in until.malformed] == [
        at for at, is_valid in enumerate(before, start=1) if not is_valid
    ]
    assert [bad.position for bad in rest.malformed] == [
        at for at, is_valid in enumerate(behind, start=1) if not is_valid
    ]
    assert [bad.problem for bad in rest.malformed] == [
        f"bad-{place + bad.position}" for bad in rest.malformed
    ]
    assert (until.markers, until.more) == ((f"at-{place}",), True)
    assert (rest.markers, rest.more, rest.limit, rest.total) == (("the end",), False, 9, 99)


@pytest.mark.parametrize(
    ("place", "found"), [(1, None), (2, "at-2"), (3, None), (4, None), (5, "at-5"), (6, None)]
)
def test_a_position_has_a_record_if_it_is_not_malformed(place: int, found: str | None) -> None:
    """The malformed records before it are no records, but take up positions."""
    record = record_at(page([False, True, False, False, True, False]), place)

    assert (record and record.id) == found


class Counted(tuple[Malformed, ...]):
    """Malformed records that count how often they are read."""

    __slots__ = ()
    reads: ClassVar = 0

    def __getitem__(self, index: Any) -> Any:
        type(self).reads += 1
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[Malformed]:
        for bad in super().__iter__():
            type(self).reads += 1
            yield bad


def test_a_record_is_found_without_reading_every_malformed_one() -> None:
    """In a page of 4,096 malformed records, each look-up reads about 12 of them."""
    number = 4096
    whole = page([False] * number + [True])
    counted = replace(whole, malformed=Counted(whole.malformed))
    Counted.reads = 0
    read = [record_at(counted, place) for place in range(1, number + 1)]

    assert read == [None] * number
    assert Counted.reads <= 15 * number


def test_the_rest_of_a_page_follows_its_marker() -> None:
    """The malformed records behind the marker belong to it, those before do not."""
    following = after(page([False, True, False, True]), "at-2", 9)

    assert following is not None
    assert [record.id for record in following.records] == ["at-4"]
    assert [bad.position for bad in following.malformed] == [1]


def test_nothing_follows_the_last_record_of_a_page() -> None:
    """That record may be malformed, so that only the page's marker names it."""
    following = after(page([True, False]), "the end", 9)

    assert following is not None
    assert (following.records, following.malformed, following.length) == ((), (), 0)


def test_a_page_that_lacks_the_marker_has_nothing_after_it() -> None:
    """The marker is neither among its records nor its own marker."""
    assert after(page([True, True]), "elsewhere", 9) is None


@pytest.mark.parametrize(("length", "claims_more"), [(2, True), (3, False)])
def test_the_rest_of_a_page_claims_what_the_whole_page_did(length: int, *, claims_more: bool) -> None:
    """Where only the length of a page ends the list, the length of a part says nothing."""
    whole = Page(records=(backup("a"), backup("b")), length=2)
    rest = split(whole, 1, length)[1]

    assert rest.claims_more(length) is claims_more
