"""How long a real Prometheus takes to evaluate each group of the alert rules, for many databases.

    python -m benchmarks.rules [--databases 5000] [--replicas 2] [--write]

Every second database is stale. Each group is evaluated on its own. What the rules read of their own records
is backfilled with promtool, but for the last two hours: these are written into Prometheus' memory, where they
would be. The exporters' metrics are scraped from a server of this program. `--write` puts the table into
docs/performance.md.
"""

import argparse
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import requests
import yaml
from msgspec import Struct

from benchmarks.page import write_rules
from benchmarks.remote_write import write
from benchmarks.rule_fleet import Fleet
from benchmarks.rule_history import HEAD, recorded

RULES: Final = Path(__file__).parents[1] / "alerts" / "bycloud-backups.rules.yml"
EVERY: Final = "30s"  # instead of 1m and more, which changes the wait only
STALE: Final = "ByCloudBackupTooOld"
EVALUATIONS: Final = 4  # the first one does not count: it reads the disk
PATIENCE: Final = 900.0
SLOWEST: Final = 15
Rules = Mapping[str, Any]
SLICE: Final = 600
"""Seconds that are written at once."""
BATCH: Final = 2_000
"""Series that are written at once."""
NO_RULES: Final = "groups: []\n"
WRITABLE: Final = "--web.enable-remote-write-receiver"
BOUNDS: Final = {"1m": 3.0, "1h": 10.0}
"""Seconds that one evaluation may take, by the group's interval."""
DURATION: Final = re.compile(
    r'^prometheus_rule_group_last_duration_seconds{rule_group="[^"]+"} (\S+)$', re.MULTILINE
)
EVALUATED: Final = re.compile(
    r'^prometheus_rule_group_iterations_total{rule_group="[^"]+"} (\S+)$', re.MULTILINE
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
    with _prometheus(NO_RULES, [], folder) as url:
        samples += _fill_memory(fleet, groups, url)
    print(f"{samples:,} samples written", flush=True)
    with _exporters(Fleet(databases, time.time()).served()) as port:
        for group in groups:
            yield _measured(group, _scrapes(port, replicas), databases, folder)


def _measured(
    group: Mapping[str, Any], scrapes: Sequence[Mapping[str, Any]], databases: int, folder: Path
) -> Group:
    """Measure one group on its own: every half minute, they would all run at once."""
    rules = yaml.safe_dump({"groups": [{**group, "interval": EVERY}]})
    with _prometheus(rules, scrapes, folder) as url:
        seconds = _evaluations(url)
        if any(rule.get("alert") == STALE for rule in group["rules"]):
            _check_alerts(url, databases)
        print(*_slowest(url), sep="\n", flush=True)
    return Group(group["name"], group.get("interval", "1m"), seconds)


def _backfill(fleet: Fleet, groups: list[Mapping[str, Any]], folder: Path) -> int:
    path = folder / "history.om"
    with path.open("w", encoding="utf-8") as out:
        samples = sum(past.backfill(fleet, out) for past in recorded(groups))
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


def _fill_memory(fleet: Fleet, groups: list[Mapping[str, Any]], url: str) -> int:
    """Write the last two hours, in the order of time: Prometheus takes samples of the last hour only."""
    samples = 0
    for begin in range(-int(HEAD), 0, SLICE):
        past = (each for record in recorded(groups) for each in record.series(fleet, begin, begin + SLICE))
        while batch := list(islice(past, BATCH)):
            write(url, batch)
            samples += sum(len(series.samples) for series in batch)
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


def _scrapes(port: int, replicas: int) -> Sequence[Mapping[str, Any]]:
    """Return the scrape configuration of replicas of an exporter."""
    addresses = [f"127.0.0.{number + 1}:{port}" for number in range(replicas)]  # all are this machine
    targets = {"targets": addresses, "labels": {"target": "production"}}
    return [{"job_name": "bycloud", "static_configs": [targets]}]


@contextmanager
def _prometheus(rules: str, scrapes: Sequence[Mapping[str, Any]], folder: Path) -> Iterator[str]:
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    config = {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": scrapes,
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    log = folder / "prometheus.log"
    command = ["prometheus", f"--config.file={folder / 'prometheus.yml'}"]
    options = [f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=60d", WRITABLE]
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


def _evaluations(url: str) -> list[float]:
    """Return the durations of the group's evaluations, without its first one."""
    seconds: dict[str, str] = {}
    deadline = time.monotonic() + PATIENCE
    while len(seconds) < EVALUATIONS and time.monotonic() < deadline:
        time.sleep(1)
        text = requests.get(f"{url}/metrics", timeout=60).text
        duration, count = DURATION.search(text), EVALUATED.search(text)
        if duration and count and float(count[1]):
            seconds[count[1]] = duration[1]
    return [float(duration) for duration in seconds.values()][1:]


def _check_alerts(url: str, databases: int) -> None:
    """Fail unless the rules found what is stale: else they had nothing to do."""
    query = {"query": f'count(ALERTS{{alertname="{STALE}"}})'}
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
