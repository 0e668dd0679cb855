"""The lists of the API, their sources and their cached pages."""

import pytest

from exporter.simulator import Quirks, bulk_backups, bulk_instances
from exporter.simulator.catalog import Catalog
from exporter.simulator.http.wire import BACKUPS, INSTANCES, RequestRefusedError

QUIRKS = Quirks()


def test_a_listing_is_cached_while_nothing_changes() -> None:
    """The same records and quirks give the same listing; others give another one."""
    catalog = Catalog(bulk_backups(3, 1), ())
    before = catalog.listing(BACKUPS.path, QUIRKS)
    same = catalog.listing(f"{BACKUPS.path}/id", QUIRKS)
    changed = catalog.listing(BACKUPS.path, Quirks(gzip=False))
    catalog.backups = bulk_backups(4, 1)

    assert same is before
    assert changed is not before
    assert len(catalog.listing(BACKUPS.path, QUIRKS).records) == 4


def test_a_source_can_be_a_function() -> None:
    """A function returns the current records."""
    catalog = Catalog((), lambda: bulk_instances(2))

    assert len(catalog.listing(INSTANCES.path, QUIRKS).records) == 2


@pytest.mark.parametrize("path", ["/", f"{BACKUPS.path}s", INSTANCES.path])
def test_unknown_paths_are_refused(path: str) -> None:
    """A path under no list is a 404, and so is the list of instances where it does not exist."""
    with pytest.raises(RequestRefusedError) as caught:
        Catalog((), None).listing(path, QUIRKS)
    assert caught.value.status == 404


def test_its_representation_counts_records_and_pages() -> None:
    """The representation shows the size of each list, and how many pages are cached."""
    catalog = Catalog(bulk_backups(3, 1), ())
    catalog.listing(BACKUPS.path, QUIRKS).encoded({})

    assert repr(catalog) == (
        "Catalog(Listing(database_backups, records=3, pages=1),"
        " Listing(database_instances, records=0, pages=0))"
    )
