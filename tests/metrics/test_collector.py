"""Tests of `exporter.metrics.collector`."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from exporter.metrics.collector import TargetCollector, render_text, write_text
from tests.support.scrape_results import OK, RUNNING, SNAPSHOT, FixedClock


def names(text: str) -> set[str]:
    """Return the names of the families in an exposition."""
    return {family.name for family in text_string_to_metric_families(text)}


def test_ages_are_those_of_the_collection() -> None:
    """Registering a collector collects nothing; collecting computes ages by the clock."""
    registry = CollectorRegistry(auto_describe=True)
    registry.register(TargetCollector(OK, clock=FixedClock()))
    age = registry.get_sample_value("bycloud_database_backup_newest_age_seconds", RUNNING.key._asdict())

    assert age == 3600


def test_a_collector_shows_its_result() -> None:
    """Its `repr` is for debugging."""
    assert repr(TargetCollector(OK)) == "TargetCollector(up=True, live=True)"


def test_a_rendering_has_ages() -> None:
    """It is in Prometheus's text format."""
    text = render_text(OK)

    assert "bycloud_up 1.0\n" in text
    assert "bycloud_database_backup_newest_age_seconds" in names(text)


def test_a_file_has_no_live_values(tmp_path: Path) -> None:
    """Ages and gaps would freeze there. Nothing else is missing, and no temporary file remains."""
    path = tmp_path / "bycloud.prom"
    path.write_text("old")
    write_text(OK, path)

    assert names(render_text(OK)) - names(path.read_text()) == {
        "bycloud_database_backup_newest_age_seconds",
        "bycloud_database_restorable_newest_age_seconds",
        "bycloud_database_restorable_largest_gap_seconds",
    }
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_unchanged(tmp_path: Path) -> None:
    """No temporary file remains."""
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_text(OK, path)

    assert list(tmp_path.iterdir()) == [path]


def test_a_fifo_is_not_replaced(tmp_path: Path) -> None:
    """Nor is a device: as root, writing to `/dev/null` would replace it for the whole machine."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(OSError, match="not a regular file"):
        write_text(OK, fifo)

    assert fifo.is_fifo()
    assert list(tmp_path.iterdir()) == [fifo]


def test_a_link_is_followed(tmp_path: Path) -> None:
    """The file that it leads to is replaced, not the link, which may be `/dev/stdout`."""
    (tmp_path / "elsewhere").mkdir()
    link, path = tmp_path / "link.prom", tmp_path / "elsewhere" / "bycloud.prom"
    link.symlink_to(path)
    write_text(OK, link)

    assert link.is_symlink()
    assert path.is_file()


def test_a_file_is_utf_8(tmp_path: Path) -> None:
    """The locale makes no difference."""
    group = replace(RUNNING, key=RUNNING.key._replace(status="FERTIG: über\n"))
    result = replace(OK, snapshot=replace(SNAPSHOT, summary=replace(SNAPSHOT.summary, groups=(group,))))
    write_text(result, tmp_path / "file")

    assert 'status="FERTIG: über\\n"' in (tmp_path / "file").read_text(encoding="utf-8")
