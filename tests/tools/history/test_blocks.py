"""The whole history, in a real Prometheus."""

import io
from pathlib import Path
from typing import Final

import pytest

from tools.history.blocks import Period, load_rules, load_scrapes
from tools.history.fleets import fleet
from tools.history.outages import DAY
from tools.history.replay import Replay
from tools.history.serving import Folder
from tools.history.writing import write

END: Final = 1_800_000_000.0
STEP: Final = 1200.0


def test_each_scrape_has_its_own_time() -> None:
    """The file has every scrape at its time, and ends as OpenMetrics requires."""
    out = io.StringIO()
    write(Replay(fleet(1, END), END - 2 * STEP).scrapes(END, STEP), out)
    lines = out.getvalue().splitlines()
    times = [line.split()[-1] for line in lines if line.startswith("bycloud_up{")]

    assert times == [f"{END - turn * STEP:.3f}" for turn in (2, 1, 0)]
    assert lines[-1] == "# EOF"


@pytest.mark.slow
def test_prometheus_has_scrapes_records_and_alerts(tmp_path: Path) -> None:
    """An instant selector sees exactly one scrape, the rules' records are there, and so is what fires."""
    period, folder = Period(END, 2.5, STEP), Folder(tmp_path, STEP)
    load_scrapes(fleet(2, END), period, folder)
    load_rules(period, folder)
    with folder.running() as prometheus:
        count = prometheus.value(f"count_over_time(bycloud_up[3d] @ {END})")
        known = prometheus.value(f"count(last_over_time(bycloud:restorable:backups[1h] @ {END}))")
        days = prometheus.value(f"max(last_over_time(bycloud:fleet_compliance:days[65m] @ {END}))")
        before, at = (prometheus.query(f"bycloud_up @ {END + later}") for later in (-0.001, STEP - 0.001))

    assert count == 2.5 * DAY / STEP + 1
    assert known == 2
    assert 2 < days < 2.5
    assert len(before) == len(at) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"data", "prometheus.yml", "prometheus.log"}


@pytest.mark.slow
def test_a_database_has_one_name_in_an_outage(tmp_path: Path) -> None:
    """In an outage, each database keeps its name, and has no other: alerts that read it are there."""
    period, folder = Period(END, 1.0, STEP), Folder(tmp_path, STEP)
    load_scrapes(fleet(5, END), period, folder, ongoing_outage=True)
    load_rules(period, folder)
    with folder.running() as prometheus:
        names = prometheus.query(f"count by (instance_id) (bycloud:database:name @ {END})")
        alerts = prometheus.query(f"count by (instance_name) (ALERTS{{instance_id!=''}} @ {END})")

    assert [float(found["value"][1]) for found in names] == [1.0] * 5
    assert alerts
    assert all(found["metric"]["instance_name"].endswith("-db") for found in alerts)
