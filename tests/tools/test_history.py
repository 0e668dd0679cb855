"""The history for the dashboards: scrapes at past times, loaded into Prometheus."""

import io
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from exporter.simulator import Fleet
from tests.support.programs import need
from tools.history import DAY, EVERY, History, blocks, fleet, large_fleet

END: Final = 1_800_000_000.0
SCRAPES: Final = 4
DAYS: Final = (SCRAPES - 1) * EVERY / DAY


def _replayed(end: float) -> str:
    history = History(fleet(5), end, DAYS)
    out = io.StringIO()
    try:
        history.write(out)
    finally:
        history.close()
    return out.getvalue()


def _at(later: float = 0) -> datetime:
    return datetime.fromtimestamp(END + later, UTC)


def _values(text: str, name: str) -> Iterator[tuple[float, float]]:
    for value, moment in re.findall(rf"^{name}{{[^}}]*}} (\S+) (\S+)$", text, re.MULTILINE):
        yield float(moment), float(value)


def test_each_scrape_has_its_own_timestamp() -> None:
    """Every scrape succeeds and has its own time, and the file ends as OpenMetrics requires."""
    text = _replayed(END)
    moments = [END - turn * EVERY for turn in reversed(range(SCRAPES))]

    assert list(_values(text, "up")) == [(moment, 1.0) for moment in moments]
    assert list(_values(text, "bycloud_up")) == [(moment, 1.0) for moment in moments]
    assert text.endswith("# EOF\n")


def test_the_fleet_is_that_of_the_moment() -> None:
    """No backup is newer than the scrape that found it."""
    newest = list(_values(_replayed(END), "bycloud_database_restorable_newest_timestamp_seconds"))

    assert newest
    assert all(created <= moment + 1 for moment, created in newest)


def test_a_night_without_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """During the outage, walks fail with the API's reason."""
    now = END % DAY / 3600
    monkeypatch.setattr("tools.history.NIGHT", (48 + now - 0.15, 48 + now + 1))
    text = _replayed(END)

    assert [value for _, value in _values(text, "bycloud_up")] == [1.0, 0.0, 0.0, 0.0]
    assert re.search(r'bycloud_scrape_failure\{[^}]*reason="server_error"\} 1\.0', text)


def test_prometheus_imports_the_history(tmp_path: Path) -> None:
    """Promtool makes blocks of the file, with every scrape in them."""
    made = blocks(fleet(5), tmp_path, END, DAYS)
    listed = subprocess.run(
        [need("promtool"), "tsdb", "list", str(made)], capture_output=True, text=True, check=True
    )

    assert len(listed.stdout.splitlines()) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def test_a_small_fleet_has_healthy_and_ailing_databases() -> None:
    """A small fleet has ailing and healthy databases."""
    chosen = {instance.id for instance in fleet(5).instances(_at())}

    assert len(chosen) == 5
    assert chosen & set(Fleet().healthy)
    assert chosen & {ailment.instance_id for ailment in Fleet().ailments}


def test_a_large_fleet_has_the_requested_size() -> None:
    """A large fleet has the requested number of databases, whose backups appear over time."""
    many = large_fleet(30, END)

    assert len(many.instances(_at())) == 30
    assert len(many.backups(_at(-DAY))) < len(many.backups(_at()))
