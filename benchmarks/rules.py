"""How long a real Prometheus takes to evaluate each group of the alert rules, for many databases.

    python -m benchmarks.rules [--databases 5000] [--replicas 2] [--write]

Every second database is stale. What the rules read of their own records is backfilled with promtool; the
exporters' metrics are scraped from a server of this program. `--write` puts the table into
docs/performance.md.
"""

import argparse
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import requests
import yaml
from msgspec import Struct

from benchmarks.page import write_rules
from benchmarks.rule_history import Fleet, recorded

RULES: Final = Path(__file__).parents[1] / "alerts" / "bycloud-backups.rules.yml"
EVERY: Final = "30s"  # instead of 1m and more, which changes the wait only
EVALUATIONS: Final = 4  # the first one does not count: it reads the disk
PATIENCE: Final = 900.0
SLOWEST: Final = 15
BOUNDS: Final = {"1m": 3.0, "1h": 10.0}
"""Seconds that one evaluation may take, by the group's interval."""
DURATION: Final = re.compile(
    r'^prometheus_rule_group_last_duration_seconds{rule_group="[^;]*;([^"]+)"} (\S+)$', re.MULTILINE
)
EVALUATED: Final = re.compile(
    r'^prometheus_rule_group_iterations_total{rule_group="[^;]*;([^"]+)"} (\S+)$', re.MULTILINE
)


class Group(Struct, frozen=True):
    """One group's evaluations, in seconds."""

    name: str
    interval: str
    seconds: list[float]

    def row(self) -> str:
        """Return the table's row."""
        bound = f"≤ {BOUNDS[self.interval]:g} s" if self.interval in BOUNDS else ""
        times = f"{median(self.seconds):.2f} s | {max(self.seconds):.2f} s"
        return f"| `{self.name}` | {self.interval} | {times} | {bound} |\n"


def measure(databases: int, replicas: int, folder: Path) -> Iterator[Group]:
    """Evaluate the rules until each group has been evaluated often enough."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    fleet = Fleet(databases, float(int(time.time())))
    samples = _backfill(fleet, groups, folder)
    print(f"{samples:,} samples backfilled", flush=True)
    with (
        _exporters(Fleet(databases, time.time()).served()) as port,
        _prometheus(port, replicas, folder) as url,
    ):
        intervals = {group["name"]: group.get("interval", "1m") for group in groups}
        for name, seconds in _evaluations(url, set(intervals)).items():
            yield Group(name, intervals[name], seconds)
        _check_alerts(url, databases)
        print(*_slowest(url), sep="\n")


def _backfill(fleet: Fleet, groups: list[Mapping[str, object]], folder: Path) -> int:
    path = folder / "history.om"
    with path.open("w", encoding="utf-8") as out:
        samples = sum(past.write(fleet, out) for past in recorded(groups))
        out.write("# EOF\n")
    command = [
        "promtool",
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--max-block-duration=486h",
        "--quiet",
    ]
    subprocess.run([*command, path, folder / "data"], check=True)  # noqa: S603 - our own
    path.unlink()
    return samples


@contextmanager
def _exporters(text: str) -> Iterator[int]:
    body = text.encode()

    class Exporter(BaseHTTPRequestHandler):
        """Serves the same metrics always."""

        def do_GET(self) -> None:
            """Serve them."""
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("", 0), Exporter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@contextmanager
def _prometheus(port: int, replicas: int, folder: Path) -> Iterator[str]:
    rules = re.sub(r"interval: \w+", f"interval: {EVERY}", RULES.read_text(encoding="utf-8"))
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    addresses = [f"127.0.0.{number + 1}:{port}" for number in range(replicas)]  # all are this machine
    config = {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": [
            {
                "job_name": "bycloud",
                "static_configs": [{"targets": addresses, "labels": {"target": "production"}}],
            }
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    log = folder / "prometheus.log"
    command = ["prometheus", f"--config.file={folder / 'prometheus.yml'}"]
    options = [f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=60d"]
    with (
        log.open("wb") as written,
        subprocess.Popen(  # noqa: S603 - our own
            [*command, *options, "--web.listen-address=127.0.0.1:0"], stderr=written
        ) as process,
    ):
        try:
            yield f"http://{_address(log)}"
        finally:
            process.terminate()


def _address(log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while not (found := re.search(r'msg="Listening on" address=(\S+)', log.read_text(encoding="utf-8"))):
        if time.monotonic() > deadline:
            raise RuntimeError(log.read_text(encoding="utf-8"))
        time.sleep(0.2)
    return found[1]


def _evaluations(url: str, names: set[str]) -> dict[str, list[float]]:
    """Return the durations of each group's evaluations, without its first one."""
    seconds: dict[str, dict[float, float]] = {name: {} for name in sorted(names)}
    deadline = time.monotonic() + PATIENCE
    while min(map(len, seconds.values())) < EVALUATIONS and time.monotonic() < deadline:
        time.sleep(1)
        text = requests.get(f"{url}/metrics", timeout=60).text
        durations = dict(DURATION.findall(text))
        for name, count in EVALUATED.findall(text):
            if float(count) and name in durations:
                seconds[name][float(count)] = float(durations[name])
    return {name: list(found.values())[1:] for name, found in seconds.items()}


def _check_alerts(url: str, databases: int) -> None:
    """Fail unless the rules found what is stale: else they had nothing to do."""
    query = {"query": 'count(ALERTS{alertname="ByCloudBackupTooOld"})'}
    result = requests.get(f"{url}/api/v1/query", params=query, timeout=60).json()["data"]["result"]
    if not result or float(result[0]["value"][1]) != databases // 2:
        raise RuntimeError(f"{databases // 2} databases are stale; Prometheus says {result}")


def _slowest(url: str) -> Iterator[str]:
    """Yield the rules whose last evaluation took longest."""
    groups = requests.get(f"{url}/api/v1/rules", timeout=60).json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    for rule in sorted(rules, key=lambda rule: -float(rule["evaluationTime"]))[:SLOWEST]:
        yield f"{rule['evaluationTime']:8.3f} s  {rule['name']}"


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--databases", type=int, default=5_000, help="every second one is stale (default: 5000)"
    )
    parser.add_argument("--replicas", type=int, default=2, help="of the exporter (default: 2)")
    parser.add_argument("--write", action="store_true", help="write the table into docs/performance.md")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        groups = list(measure(options.databases, options.replicas, Path(folder)))
    rows = "".join(group.row() for group in groups)
    print(rows)
    if options.write:
        write_rules(options.databases, options.replicas, rows)


if __name__ == "__main__":
    main()
