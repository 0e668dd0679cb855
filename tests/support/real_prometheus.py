"""The real Prometheus, which scrapes the exporter and which tests query."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from msgspec import Struct

from tests.support.programs import listening_address, need

PATIENCE = 120.0
Labels = tuple[str, str, str]


class Prometheus(Struct):
    """A Prometheus that runs."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return an instant query's result."""
        response = requests.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=60)
        result: list[dict[str, Any]] = response.json()["data"]["result"]
        return result

    def value(self, expression: str) -> float:
        """Return the only value of an instant query; -1 where there is none yet."""
        result = self.query(expression)
        return float(result[0]["value"][1]) if len(result) == 1 else -1.0

    def by_labels(self, metric: str) -> dict[Labels, float]:
        """Return a backup gauge's values."""
        return {
            (
                sample["metric"]["status"],
                sample["metric"]["datastore_type"],
                sample["metric"]["instance_id"],
            ): float(sample["value"][1])
            for sample in self.query(metric)
        }


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll, with a deadline."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.1)


@contextmanager
def running_prometheus(scrape_configs: str, folder: Path) -> Iterator[Prometheus]:
    """Run it with a configuration that scrapes every second, until the block ends."""
    every_second = "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
    with configured_prometheus(every_second + scrape_configs, folder) as running:
        yield running


@contextmanager
def configured_prometheus(text: str, folder: Path, *flags: str) -> Iterator[Prometheus]:
    """Run it with a whole configuration, until the block ends."""
    config = folder / "prometheus.yml"
    config.write_text(text, encoding="utf-8")
    command = [
        need("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        *flags,
    ]
    with listening(command, folder / "prometheus.log") as address:
        running = Prometheus(f"http://{address}")
        wait_until(lambda: _is_ready(running))
        yield running


@contextmanager
def listening(command: list[str], log: Path) -> Iterator[str]:
    """Run Prometheus or Alertmanager on a free port until the block ends; yield the address."""
    with (
        log.open("wb") as written,
        subprocess.Popen([*command, "--web.listen-address=127.0.0.1:0"], stderr=written) as process,
    ):
        try:
            wait_until(lambda: listening_address(log) is not None or process.poll() is not None)
            yield listening_address(log) or pytest.fail(log.read_text(encoding="utf-8"))
        finally:
            process.terminate()


def _is_ready(prometheus: Prometheus) -> bool:
    try:
        return requests.get(f"{prometheus.url}/-/ready", timeout=60).ok
    except requests.ConnectionError:
        return False
