"""Scrape 200 targets of 500 backups, each once in an interval of 30 seconds, as one Prometheus does.

    python -m benchmarks.targets

Prints how long the scrapes took, and the exporter's memory and processor time. Exits with 1 if one failed.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import requests

from exporter.simulator import SimulatedApi, bulk_backups, bulk_instances

TARGETS: Final = tuple(f"organization-{place}" for place in range(200))
INTERVAL: Final = 30.0  # seconds
COMMAND: Final = (sys.executable, "-m", "exporter", "--web.listen-address=127.0.0.1:0")


def main() -> int:
    """Scrape every target at its own offset in the interval, then print the cost."""
    with (
        SimulatedApi(backups=bulk_backups(500, 20), instances=bulk_instances(20)) as api,
        _exporter(api.url) as url,
    ):
        began = time.monotonic()

        def probe(place: int) -> tuple[bool, float]:
            due = began + place * INTERVAL / len(TARGETS)
            time.sleep(max(0.0, due - time.monotonic()))
            response = requests.get(f"{url}/probe?target={TARGETS[place]}", timeout=60)
            return "bycloud_up 1.0" in response.text, time.monotonic() - due

        with ThreadPoolExecutor(40) as pool:
            scrapes = list(pool.map(probe, range(len(TARGETS))))
        own = requests.get(f"{url}/metrics", timeout=60).text
    return _report([seconds for _, seconds in scrapes], sum(not is_up for is_up, _ in scrapes), own)


@contextmanager
def _exporter(api: str) -> Iterator[str]:
    targets = [{"name": name, "url": api, "api_key": "demo:demo-secret"} for name in TARGETS]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "exporter.yml"
        file.write_text(json.dumps({"targets": targets}), encoding="utf-8")
        command = [*COMMAND, f"--config.file={file}"]
        with subprocess.Popen(command, text=True, stderr=subprocess.PIPE) as process:  # noqa: S603 - our own
            listening = next(line for line in process.stderr or () if "event=listening" in line)
            try:
                yield f"http://127.0.0.1:{re.findall(r'port=([0-9]+)', listening)[0]}"
            finally:
                process.kill()


def _report(seconds: list[float], failed: int, own: str) -> int:
    waits = sorted(seconds)
    memory = float(re.findall(r"^process_resident_memory_bytes (\S+)$", own, re.MULTILINE)[0]) / 2**20
    processor = float(re.findall(r"^process_cpu_seconds_total (\S+)$", own, re.MULTILINE)[0])
    print(f"{len(waits)} scrapes, {failed} failed")
    print(f"median {waits[len(waits) // 2]:.3f} s, worst {waits[-1]:.3f} s")
    print(f"the exporter: {memory:.0f} MiB, {processor:.1f} s of processor time")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
