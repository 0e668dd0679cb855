"""The records that a walk has read so far."""

from exporter.records import Backup, Malformed, Page
from exporter.walk.collected import CollectedRecords
from tests.support.builders import NOON, backup
from tests.support.lists import page


def page_of(*records: Backup) -> Page[Backup]:
    """Make a page of these records."""
    return Page(records=records, length=len(records))


def collected(*pages: Page[Backup]) -> CollectedRecords[Backup]:
    """Collect the records of pages."""
    records = CollectedRecords[Backup]()
    for one in pages:
        records.add(one)
    return records


def test_of_a_repeated_record_the_newest_copy_counts() -> None:
    """The copy that was updated last is kept, wherever it is, and repetitions are counted."""
    early, late = (backup(1, updated_at=NOON.replace(hour=hour), size=hour) for hour in (1, 2))
    undated = backup(1, size=9.0)

    result = collected(page_of(late, backup(0)), page_of(early, undated, backup(2))).result(2)

    assert result.records["1"].size == 2
    assert result.duplicates == 2


def test_a_dated_copy_is_newer_than_an_undated_one() -> None:
    """A copy without `updated_at` is replaced."""
    dated = backup(1, updated_at=NOON, size=2.0)

    assert collected(page_of(backup(1), dated)).result(2).records == {"1": dated}


def test_malformed_records_are_counted_and_the_first_is_located() -> None:
    """Its number counts all records of the list."""
    bad = (Malformed(1, "no status"), Malformed(2, "no id"))

    result = collected(page(2, 1), page(malformed=bad), page(0, malformed=bad)).result(2)

    assert result.malformed == 4
    assert result.first_malformed == "record 3: no status"


def test_a_malformed_record_counts_once_if_it_has_an_id() -> None:
    """Wherever it is read again, as after its page's marker has moved."""
    known, new = Malformed(1, "no status", 1), Malformed(1, "no status", 2)

    result = collected(
        page(1, malformed=(known,)), page(0, malformed=(known,)), page(malformed=(new,))
    ).result(2)

    assert result.malformed == 2


def test_a_page_that_is_read_again_adds_records_and_counts_nothing() -> None:
    """Its repeated records are no duplicates of the API's."""
    records = collected(page(2, 1))
    repeated = records.merge(page(3, 2, malformed=(Malformed(3, "no id"),)))

    assert repeated == 1
    assert list(records.result(2).records) == ["2", "1", "3"]
    assert (records.result(2).duplicates, records.result(2).malformed, records.records_read) == (0, 0, 2)


def test_a_malformed_record_is_no_new_record() -> None:
    """Nothing identifies it, so it may have been read before."""
    records = collected(page(1))

    assert not records.has_new_records(page(1, malformed=(Malformed(2, "no id"),)))
    assert records.has_new_records(page(1, 0))


def test_the_last_total_counts() -> None:
    """A page without a total changes nothing; malformed records are no shortfall."""
    records = collected(page(3, 2, total=9), page(1, total=5, malformed=(Malformed(2, "no id"),)), page(0))

    assert records.reported == 5
    assert records.shortfall == 0
    assert collected(page(3, 2, total=5)).shortfall == 3
    assert repr(records) == "CollectedRecords(records=4, reported=5)"


def test_the_limit_in_force_is_the_apis_own_or_the_requested_one() -> None:
    """The API may state that it lowered the limit."""
    lowered = Page[Backup](records=(), length=0, limit=50)

    assert collected(lowered, page(1)).result(100).limit == 50
    assert collected(page(1)).result(100).limit == 100


def test_malformed_records_that_are_read_again_are_not_counted() -> None:
    """They are the page's first ones; the first new one is located."""
    bad = (Malformed(1, "read before"), Malformed(3, "no status"))
    records = CollectedRecords[Backup]()
    again = page(2, 1, malformed=bad)

    assert records.reread(again, 5) == 1
    records.add(again, 1)
    assert records.reread(again, 5) == 0  # without a new record, nothing shows where the list continues
    assert records.result(4).malformed == 1
    assert records.result(4).first_malformed == "record 3: no status"


def test_the_head_is_recognized_by_its_first_record() -> None:
    """A page without records is not the head."""
    records = collected(page(3, 2), page(1))

    assert [records.begins_with(each) for each in (page(3, 1), page(2), page())] == [True, False, False]
