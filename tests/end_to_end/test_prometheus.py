"""The real Prometheus scrapes the demo."""

import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests

from tests.support.demo import Demo
from tests.support.programs import need
from tests.support.real_prometheus import Labels, Prometheus, running_prometheus, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prometheus(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Run the real Prometheus, which scrapes the demo every second."""
    scrape = (
        "scrape_configs:\n"
        "  - job_name: bycloud\n"
        f"    static_configs: [{{targets: ['{demo.exporter.removeprefix('http://')}']}}]\n"
    )
    with running_prometheus(scrape, tmp_path_factory.mktemp("prometheus")) as running:
        wait_until(lambda: running.value("count_over_time(up[1m])") >= 2)
        yield running


def test_prometheus_scrapes_it_twice_and_it_is_up(prometheus: Prometheus) -> None:
    """`up` and `bycloud_up` are 1 in two scrapes; a slow machine may miss the first second."""
    wait_until(lambda: prometheus.value("sum_over_time(up[1m])") >= 2)
    wait_until(lambda: prometheus.value("sum_over_time(bycloud_up[1m])") >= 2)


def test_promql_returns_what_the_api_has(demo: Demo, prometheus: Prometheus) -> None:
    """Counts, sizes and newest times are equal for every status, type and instance."""
    while True:
        held, since = demo.backups(), prometheus.value("timestamp(bycloud_up)")
        _wait_for_scrape(prometheus, since + 2)
        counts = prometheus.by_labels("bycloud_database_backups")
        sizes = prometheus.by_labels("bycloud_database_backups_size_bytes")
        newest = prometheus.by_labels("bycloud_database_backup_newest_timestamp_seconds")
        if demo.backups() == held:
            break

    groups: defaultdict[Labels, list[dict[str, Any]]] = defaultdict(list)
    for backup in held:
        if backup["name"].startswith("Replication snapshot"):  # which the demo excludes
            continue
        groups[(backup["status"], backup["datastore"]["type"], backup["instance_id"] or "unknown")].append(
            backup
        )
    assert counts == Counter({labels: len(members) for labels, members in groups.items()})
    assert sizes == pytest.approx(
        {labels: sum(backup["size"] or 0 for backup in members) * 2**30 for labels, members in groups.items()}
    )
    assert newest == {
        labels: max(_seconds(backup["created_at"]) for backup in members)
        for labels, members in groups.items()
    }


def test_promtool_accepts_a_real_scrape(demo: Demo) -> None:
    """`promtool check metrics` finds nothing on what the demo serves."""
    text = requests.get(f"{demo.exporter}/metrics", timeout=60).content

    result = subprocess.run(
        [need("promtool"), "check", "metrics"], input=text, capture_output=True, check=False
    )

    assert result.stderr + result.stdout == b""
    assert result.returncode == 0


def _wait_for_scrape(prometheus: Prometheus, after: float) -> None:
    wait_until(lambda: prometheus.value("timestamp(bycloud_up)") >= after)


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
