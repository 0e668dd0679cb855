"""A simple script that does the exporter's basic job: requests, json, page by page, one sum.

    python -m benchmarks.script URL PAGE_SIZE [RUNS]

Prints the minimum seconds of wall time and processor time.
"""

import gzip
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import requests
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

encode: Callable[[object], bytes] = generate_latest
NAMES = (
    "s",
    "s_size_bytes",
    "_newest_age_seconds",
    "_newest_timestamp_seconds",
    "_oldest_timestamp_seconds",
    "_newest_size_bytes",
    "_newest_duration_seconds",
)
LABELS = ["status", "datastore_type", "instance_id"]


class Script(Collector):
    """Walks and sums at each scrape."""

    def __init__(self, url: str, page_size: int) -> None:
        self._url = f"{url}/v1/database-backups"
        self._page_size = page_size
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["X-Api-Key"] = "demo:demo-secret"

    def describe(self) -> list[GaugeMetricFamily]:
        """Describe nothing, so that registering does not walk."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Make four of the exporter's gauges."""
        groups: defaultdict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
        for backup in self._backups():
            datastore = backup.get("datastore") or {}
            labels = backup["status"], datastore.get("type") or "unknown", backup["instance_id"]
            groups[labels].append(backup)
        gauges = [GaugeMetricFamily(f"bycloud_database_backup{name}", name, labels=LABELS) for name in NAMES]
        for labels, backups in groups.items():
            for gauge, value in zip(gauges, _values(backups), strict=True):
                gauge.add_metric(labels, value)
        yield from gauges

    def _backups(self) -> Iterator[dict[str, Any]]:
        query: dict[str, str] = {"limit": str(self._page_size)}
        while True:
            response = self._session.get(self._url, params=query, timeout=60)
            response.raise_for_status()
            page = json.loads(response.content)
            yield from page["database_backups"]
            if not page["meta"]["has_more"]:
                return
            query["marker"] = page["meta"]["marker"]


def _values(backups: list[dict[str, Any]]) -> tuple[float, ...]:
    """Sum one group: the values of `NAMES`."""
    created = [datetime.fromisoformat(backup["created_at"]) for backup in backups]
    newest, last = max(created), backups[created.index(max(created))]
    took = datetime.fromisoformat(last["updated_at"]) - newest
    return (
        len(backups),
        sum(backup.get("size") or 0 for backup in backups),
        time.time() - newest.timestamp(),
        newest.timestamp(),
        min(created).timestamp(),
        last.get("size") or 0,
        took.total_seconds(),
    )


def least(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Return the minimum wall time and processor time of several runs."""
    costs = []
    for _ in range(runs):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        costs.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(wall for wall, _ in costs), min(processor for _, processor in costs)


def main() -> None:
    """Measure it."""
    url, page_size, *runs = sys.argv[1:]
    registry = CollectorRegistry()
    registry.register(Script(url, int(page_size)))
    print(*least(lambda: gzip.compress(encode(registry)), int(runs[0]) if runs else 1))


if __name__ == "__main__":
    main()
