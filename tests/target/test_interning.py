"""Equal values kept once."""

from concurrent.futures import ThreadPoolExecutor

from exporter.api import BACKUPS, decode_page
from exporter.records import Backup, Page
from exporter.simulator import many
from exporter.simulator.http.wire import BACKUPS as SERVED
from exporter.simulator.listing import Listing
from exporter.simulator.quirks import Quirks
from exporter.target.interning import Interner
from tests.support.builders import backup


def pages() -> list[Page[Backup]]:
    """Decode two pages of the same three instances."""
    listing = Listing(SERVED, many(60, 3), Quirks())
    first = decode_page(BACKUPS, listing.encoded({"limit": "30"}))
    return [first, decode_page(BACKUPS, listing.encoded({"limit": "30", "marker": first.markers[0]}))]


def test_nothing_changes_but_what_it_takes() -> None:
    """The pages are equal to what they were; of each value there is but one."""
    before, after = pages(), pages()
    kept_once = Interner()
    found = [kept_once(page) for page in after]
    backups = [record for page in after for record in page.records]

    assert found == before
    assert len({id(record.instance_id) for record in backups}) == 3
    assert len({id(record.datastore) for record in backups}) == 3
    assert {id(record.status) for record in backups} == {
        id(next(r.status for r in backups if r.status == status)) for status in ("COMPLETED", "FAILED")
    }


def test_absence_stays_absence() -> None:
    """`None` is a value like another."""
    page = Page(records=(backup(1, instance_id=None), backup(2, instance_id=None)), length=2)

    assert [record.instance_id for record in Interner()(page).records] == [None, None]


def test_many_threads_agree() -> None:
    """Whoever comes first, all have the same."""
    kept_once = Interner()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(kept_once, (page for _ in range(20) for page in pages())))

    assert len({id(record.instance_id) for page in found for record in page.records}) == 3
