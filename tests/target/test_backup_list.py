"""What the walks of the list of backups learn for the next one."""

from collections.abc import Callable
from contextlib import closing

import pytest
from msgspec.structs import replace

from exporter.results import Snapshot
from exporter.simulator import Quirks, bulk_backups
from exporter.simulator.http.wire import Json
from exporter.target.backup_list import BackupList
from tests.support.faults import FaultyApi, Rewrite
from tests.support.instance_rig import Rig


@pytest.mark.parametrize("max_concurrency", [1, 4])
def test_a_page_size_that_the_api_refused_is_not_tried_again(max_concurrency: int) -> None:
    """The first walk finds the size that the API accepts."""
    quirks = Quirks(max_limit=20, over_limit="refuse")
    with (
        FaultyApi(backups=bulk_backups(45, 3), quirks=quirks) as api,
        closing(Rig(api.url, instances="off", max_concurrency=max_concurrency)) as rig,
    ):
        first, second = rig.walk(), rig.walk()

    assert first.stats.requests > first.stats.pages
    assert (second.stats.requests, second.stats.pages) == (3, 3)
    assert first.page_size == second.page_size == 20


def with_total(total: int) -> Callable[[Json], Json]:
    """Return a function that sets `meta.total` in a response."""

    def rewrite(body: Json) -> Json:
        meta = body["meta"]
        assert isinstance(meta, dict)
        return body | {"meta": meta | {"total": total}}

    return rewrite


@pytest.mark.parametrize("max_concurrency", [1, 4])
def test_a_usual_shortfall_is_walked_twice_only_once(max_concurrency: int) -> None:
    """An API that counts backups that it does not list costs one more walk at first."""
    with FaultyApi(backups=bulk_backups(45, 3)) as api:
        api.faults.add(Rewrite(with_total(50)), times=None)
        with closing(Rig(api.url, instances="off", page_size=20, max_concurrency=max_concurrency)) as rig:
            first, second = rig.walk(), rig.walk()

    assert first.snapshot is not None
    assert second.snapshot is not None
    assert (first.snapshot.reported, first.snapshot.summary.backups) == (50, 45)
    assert first.stats.pages > 6
    assert second.stats.pages == 3


@pytest.mark.parametrize("max_concurrency", [1, 4])
def test_pages_that_are_known_are_read_and_counted(max_concurrency: int) -> None:
    """The snapshot is that of a first walk, before and after the list has changed."""
    backups = bulk_backups(110, 3)
    with (
        FaultyApi(backups=backups[5:]) as api,
        closing(Rig(api.url, instances="off", page_size=20, max_concurrency=max_concurrency)) as rig,
        closing(Rig(api.url, instances="off", page_size=20)) as new,
    ):
        outcomes = [rig.walk(), rig.walk()]
        api.backups = backups[:-20]
        outcomes += [rig.walk(), new.walk()]

    pages = [outcome.stats.pages for outcome in outcomes]
    first, unchanged, changed, expected = (outcome.snapshot for outcome in outcomes)
    assert pages[:2] == [6, 6]
    assert pages[2] >= pages[3] == 5
    assert _undated(unchanged) == _undated(first)
    assert _undated(changed) == _undated(expected)
    assert "last=0" in repr(rig.walker)


def test_many_changes_are_reported_during_the_walk() -> None:
    """So that nothing else keeps the last walk's backups while this walk reads others."""
    reports: list[int] = []
    listed = bulk_backups(180, 3)
    with FaultyApi(backups=listed) as api, closing(Rig(api.url, page_size=20)) as rig:
        backups = BackupList(rig.target, lambda: reports.append(1))
        reported = []
        for size in (None, None, 5.0):
            api.backups = tuple(replace(record, size=size or record.size) for record in listed)
            reports.clear()
            backups.walk(rig.api.walk_client(20))
            reported.append(bool(reports))

    assert reported == [True, False, True]


def _undated(snapshot: Snapshot | None) -> Snapshot:
    assert snapshot is not None
    return replace(snapshot, completed_at=0)
