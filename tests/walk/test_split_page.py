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
    """Make a page whose records are well-formed or not."""
    places = list(enumerate(records, start=1))
    return Page(
        records=tuple(backup(f"at-{place}") for place, well in places if well),
        malformed=tuple(Malformed(place, f"bad-{place}") for place, well in places if not well),
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
    """Each has what stands there, malformed records with their new places; the first claims more."""
    whole = page([*before, True, *behind])
    until, rest = split(whole, sum(before) + 1, 9)
    place = len(before) + 1

    assert until.records + rest.records == whole.records
    assert (until.length, rest.length) == (place, len(behind))
    assert [bad.position for bad in until.malformed] == [
        at for at, well in enumerate(before, start=1) if not well
    ]
    assert [bad.position for bad in rest.malformed] == [
        at for at, well in enumerate(behind, start=1) if not well
    ]
    assert [bad.problem for bad in rest.malformed] == [
        f"bad-{place + bad.position}" for bad in rest.malformed
    ]
    assert (until.markers, until.more) == ((f"at-{place}",), True)
    assert (rest.markers, rest.more, rest.limit, rest.total) == (("the end",), False, 9, 99)


@pytest.mark.parametrize(
    ("place", "found"), [(1, None), (2, "at-2"), (3, None), (4, None), (5, "at-5"), (6, None)]
)
def test_a_place_has_a_record_if_it_is_not_malformed(place: int, found: str | None) -> None:
    """The malformed records before it are no records, but take up positions."""
    record = record_at(page([False, True, False, False, True, False]), place)

    assert (record and record.id) == found


class Counted(tuple[Malformed, ...]):
    """Malformed records that count how often one is looked at."""

    __slots__ = ()
    looks: ClassVar = 0

    def __getitem__(self, index: Any) -> Any:
        type(self).looks += 1
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[Malformed]:
        for bad in super().__iter__():
            type(self).looks += 1
            yield bad


def test_a_record_is_found_without_a_look_at_every_malformed_one() -> None:
    """A page of 4,096 malformed records, all of which are asked for: 12 looks each, not 4,096."""
    number = 4096
    whole = page([False] * number + [True])
    counted = replace(whole, malformed=Counted(whole.malformed))
    Counted.looks = 0
    found = [record_at(counted, place) for place in range(1, number + 1)]

    assert found == [None] * number
    assert Counted.looks <= 15 * number


def test_what_follows_a_marker_is_the_rest_of_its_page() -> None:
    """With the malformed records behind it, and none of those before."""
    following = after(page([False, True, False, True]), "at-2", 9)

    assert following is not None
    assert [record.id for record in following.records] == ["at-4"]
    assert [bad.position for bad in following.malformed] == [1]


def test_nothing_follows_the_last_record_of_a_page() -> None:
    """Even if that one is malformed, and only the page's marker names it."""
    following = after(page([True, False]), "the end", 9)

    assert following is not None
    assert (following.records, following.malformed, following.length) == ((), (), 0)


def test_a_page_that_lacks_the_marker_has_nothing_after_it() -> None:
    """Neither among its records nor as its own marker."""
    assert after(page([True, True]), "elsewhere", 9) is None
