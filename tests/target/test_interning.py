"""Equal values kept once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import structs

from exporter.api import BACKUPS, decode_page
from exporter.records import Backup, Page
from exporter.simulator import bulk_backups
from exporter.simulator.http.wire import BACKUPS as SERVED
from exporter.simulator.listing import Listing
from exporter.simulator.quirks import Quirks
from exporter.target import interning
from exporter.target.interning import SNAPSHOT, Interner
from tests.support.builders import backup


def pages() -> list[Page[Backup]]:
    """Decode two pages of the same three instances."""
    listing = Listing(SERVED, bulk_backups(60, 3), Quirks())
    first = decode_page(BACKUPS, listing.encoded({"limit": "30"}))
    return [first, decode_page(BACKUPS, listing.encoded({"limit": "30", "marker": first.markers[0]}))]


def _without_text(page: Page[Backup]) -> Page[Backup]:
    records = (structs.replace(record, name=None, location_ref=None) for record in page.records)
    return structs.replace(page, records=tuple(records))


def test_only_names_that_are_read_are_kept() -> None:
    """Those of backups that may break a chain, and those that a setting selects."""
    interner = Interner(frozenset({"COMPLETED"}), ["Replication *"])
    named = [
        structs.replace(backup(1), name="nightly"),
        structs.replace(backup(2), name="Replication snapshot for x"),
        structs.replace(backup(3, status="FAILED"), name="broken"),
        structs.replace(backup(4, status="BUILDING"), name=""),
    ]
    page = interner.intern(Page(records=tuple(named), length=4))

    assert [record.name for record in page.records] == [None, "Replication snapshot for x", "broken", None]


@pytest.mark.parametrize(
    ("location", "is_snapshot"),
    [("cinder://a", True), ("cinder://", False), ("https://swift/x", False), ("", False), (None, False)],
)
def test_of_a_location_only_its_kind_is_kept(location: str | None, is_snapshot: bool) -> None:  # noqa: FBT001 - what is expected
    """All snapshots share one text."""
    stored = structs.replace(backup(1), location_ref=location)
    (interned,) = Interner().intern(Page(records=(stored,), length=1)).records

    assert interned.is_cinder_snapshot is stored.is_cinder_snapshot is is_snapshot
    assert interned.location_ref == (SNAPSHOT if is_snapshot else None)


def test_pages_stay_equal_and_equal_values_become_one_object() -> None:
    """Sixty backups of three instances have three instance ids."""
    before = pages()
    interner = Interner()
    after = [interner.intern(page) for page in before]
    backups = [record for page in after for record in page.records]

    assert [_without_text(page) for page in after] == [_without_text(page) for page in before]
    assert len({id(record.instance_id) for record in backups}) == 3
    assert len({id(record.datastore) for record in backups}) == 3
    assert {id(record.status) for record in backups} == {
        id(next(r.status for r in backups if r.status == status)) for status in ("COMPLETED", "FAILED")
    }


def test_a_parent_and_its_children_share_its_id() -> None:
    """The text of an id takes as much memory as the rest of a record."""
    before = pages()
    interner = Interner()
    backups = [record for page in before for record in interner.intern(page).records]
    own_ids = {record.id: id(record.id) for record in backups}

    with_parent = [record for record in backups if record.parent_id in own_ids]
    assert with_parent
    assert all(id(record.parent_id) == own_ids[str(record.parent_id)] for record in with_parent)


def test_parents_that_never_arrive_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a list of the oldest first, each parent has come before its child waits for it."""
    monkeypatch.setattr(interning, "MOST_PARENTS", 20)
    interner = Interner()
    for number in range(100):
        (record,) = interner.intern(Page(records=(backup(number, parent_id=f"p{number}"),), length=1)).records

        assert record.parent_id == f"p{number}"
        assert interner.awaited_parents <= 21


def test_an_absent_value_remains_absent() -> None:
    """`None` is a value like any other."""
    page = Page(records=(backup(1, instance_id=None), backup(2, instance_id=None)), length=2)

    assert [record.instance_id for record in Interner().intern(page).records] == [None, None]


def test_threads_share_values() -> None:
    """Pages of different threads get the same objects."""
    interner = Interner()
    with ThreadPoolExecutor(8) as threads:
        interned = list(threads.map(interner.intern, (page for _ in range(20) for page in pages())))

    assert len({id(record.instance_id) for page in interned for record in page.records}) == 3


def test_its_repr_counts_the_values() -> None:
    """An instance, a status and no datastore are three."""
    interner = Interner()
    interner.intern(Page(records=(backup(1),), length=1))

    assert repr(interner) == "Interner(3 values)"
