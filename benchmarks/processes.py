"""The processes of a benchmark: the simulated API and the exporter."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import requests
import yaml

KEY: Final = "demo:demo-secret"
PATIENCE: Final = 600.0  # seconds
HEADERS: Final = {
    "Accept": "application/openmetrics-text; version=1.0.0; escaping=allow-utf-8",
    "Accept-Encoding": "gzip",
    "X-Prometheus-Scrape-Timeout-Seconds": str(PATIENCE),
}
"""The request headers of Prometheus."""
TICKS: Final = os.sysconf("SC_CLK_TCK")
KEEPS_MEMORY: Final = {"MALLOC_TRIM_THRESHOLD_": "100000000", "MALLOC_MMAP_THRESHOLD_": "100000000"}
"""glibc's settings for a process that keeps the large blocks it has freed, in place of giving them back."""


@contextmanager
def on_one_processor() -> Iterator[None]:
    """Run the processes of the block on one processor: on two, each slows the other down."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def embedded_api(backups: int, instances: int, latency: float = 0.0) -> Iterator[str]:
    """Run the simulated API over a list that does not change; yield its URL."""
    command = [sys.executable, "-m", "exporter.simulator", "--backups", str(backups)]
    options = ["--instances", str(instances), "--latency", str(latency)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            yield next(iter(process.stdout or ())).strip()
        finally:
            process.terminate()


@contextmanager
def changing_api(backups: int, where: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """Run the simulated API; yield its URL and what changes one backup in a hundred: see `changing_api`."""
    command = [sys.executable, "-m", "benchmarks.changing_api", str(backups), where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        lines = iter(process.stdout or ())

        def change() -> None:
            process.send_signal(signal.SIGUSR1)
            next(lines)

        try:
            yield next(lines).strip(), change
        finally:
            process.terminate()


class Cost:
    """Seconds of wall time and of processor time."""

    def __init__(self, wall: float, processor: float) -> None:
        self.wall = wall
        self.processor = processor


class ExporterProcess:
    """The real command with one target."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._session = requests.Session()
        self._session.trust_env = False
        self.bytes = 0

    def scrape(self) -> Cost:
        """Scrape as Prometheus does; fail if the walk failed."""
        began, processor = time.perf_counter(), self._processor_seconds()
        with self._session.get(self._url, headers=HEADERS, timeout=PATIENCE) as response:
            response.raise_for_status()
        cost = Cost(time.perf_counter() - began, self._processor_seconds() - processor)
        self.bytes = len(response.content)
        if b"\nbycloud_up 1.0\n" not in response.content:
            raise RuntimeError("the walk failed")
        return cost

    def value(self, name: str) -> float:
        """Return the value of a metric, without a walk."""
        text = self._session.get(self._url, params={"name[]": name}, timeout=PATIENCE).text
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))

    def requests(self) -> int:
        """Return how many API requests the exporter has made."""
        return int(self.value("bycloud_api_requests_total"))

    def peak_mib(self) -> float:
        """Return the peak memory in MiB."""
        return self._memory("VmHWM")

    def memory_mib(self) -> float:
        """Return the current memory in MiB."""
        return self._memory("VmRSS")

    def await_start(self) -> None:
        """Wait until it serves."""
        while True:
            try:
                self._session.get(self._url.replace("/metrics", "/-/ready"), timeout=1).raise_for_status()
            except requests.RequestException:
                if self._process.poll() is not None:
                    raise RuntimeError("the exporter does not start") from None
                time.sleep(0.05)
            else:
                return

    def _memory(self, kind: str) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith(kind))
        return int(line.split()[1]) / 1024

    def _processor_seconds(self) -> float:
        fields = (
            Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8").rsplit(") ", 1)[1].split()
        )
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def running_exporter(url: str, port: int, **settings: object) -> Iterator[ExporterProcess]:
    """Run the exporter with one target of these settings."""
    target = {"name": "bench", "url": url, "api_key": KEY, "instances": "off", "scrape_timeout": "10m"}
    with TemporaryDirectory() as folder:
        config = Path(folder) / "config.yml"
        config.write_text(yaml.safe_dump({"targets": [target | settings]}), encoding="utf-8")
        config.chmod(0o600)
        command = [sys.executable, "-m", "exporter", f"--config.file={config}"]
        options = [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        with subprocess.Popen([*command, *options]) as process:  # noqa: S603 - our own
            try:
                exporter = ExporterProcess(process, port)
                exporter.await_start()
                yield exporter
            finally:
                process.terminate()


def run_script(name: str, arguments: Sequence[object], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a program that the exporter is compared with; it prints its two costs."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    settings = {**os.environ, **(environment or {})}
    wall, processor = subprocess.check_output(command, text=True, env=settings).split()  # noqa: S603 - our own
    return Cost(float(wall), float(processor))
