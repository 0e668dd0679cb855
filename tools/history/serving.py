"""Prometheus on a history's folder."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.support.programs import need
from tests.support.real_prometheus import Prometheus, configured_prometheus

CONFIG: Final = "global: {}\n"


class Folder(Struct, frozen=True):
    """A folder with Prometheus's data, and how to read it.

    :param step: seconds between scrapes. An instant selector reaches back a millisecond less, so that it sees
        exactly one scrape: OpenMetrics has no staleness markers, and an ended series would be seen longer.
    """

    path: Path
    step: float

    @property
    def data(self) -> Path:
        """Prometheus's own folder."""
        return self.path / "data"

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of Prometheus."""
        return (
            "--storage.tsdb.retention.time=10y",
            f"--query.lookback-delta={self.step * 1000 - 1:.0f}ms",
            "--query.max-samples=200000000",
            "--query.timeout=1h",
        )

    @contextmanager
    def running(self) -> Iterator[Prometheus]:
        """Run Prometheus on a free port until the end of the block."""
        with configured_prometheus(CONFIG, self.path, *self.flags) as prometheus:
            yield prometheus

    def serve(self, port: int) -> subprocess.Popen[bytes]:
        """Start Prometheus on a port."""
        config = self.path / "prometheus.yml"
        config.write_text(CONFIG, encoding="utf-8")
        paths = [f"--config.file={config}", f"--storage.tsdb.path={self.data}"]
        address = f"--web.listen-address=127.0.0.1:{port}"
        return subprocess.Popen([need("prometheus"), *paths, *self.flags, address, "--log.level=error"])
