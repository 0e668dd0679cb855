"""A real Prometheus that restarts in an outage: what fires continues, what had ended stays away."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Final

import pytest
from msgspec import Struct

from tests.support.real_prometheus import Prometheus, running_prometheus, wait_until
from tests.support.situation import RULES

pytestmark = pytest.mark.slow

SHORTER: Final = {"11m": "3s", "21m": "6s", "20m": "6s", "15m": "5s", "10m": "4s", "2h": "5m"}
HEALTHY: Final = "bycloud_up 1\n"
FAILING: Final = "bycloud_up 0\n"
OLD: Final = """\
bycloud_database_restorable_backups{instance_id="old",datastore_type="mysql"} 3
bycloud_database_restorable_newest_timestamp_seconds{instance_id="old",datastore_type="mysql"} 1000
bycloud_database_backup_objective_age_seconds{instance_id="old",datastore_type="mysql"} 60
bycloud_database_labels{instance_id="old",datastore_type="mysql",label_team="payments"} 1
"""
ENDED: Final = OLD.replace('"old"', '"ended"')
FIRING: Final = 'ALERTS{alertname="ByCloudBackupTooOld",alertstate="firing"}'


class Served(Struct):
    """What the exporter serves now."""

    text: str


@pytest.fixture
def served() -> Iterator[tuple[Served, str]]:
    """Serve metrics that the test changes; yield them and the address."""
    now = Served(HEALTHY + OLD + ENDED)

    class Exporter(BaseHTTPRequestHandler):
        """Serves the current text."""

        def do_GET(self) -> None:
            """Serve it."""
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")  # which Prometheus 3 requires
            self.end_headers()
            self.wfile.write(now.text.encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Exporter) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield now, f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _configuration(folder: Path, address: str) -> str:
    """Return a configuration with the rules in fast motion."""
    rules = RULES.read_text(encoding="utf-8")
    rules = re.sub(r"\[(\w+)\]", lambda match: f"[{SHORTER.get(match[1], match[1])}]", rules)
    rules = re.sub(r"for: \w+", "for: 1s", rules).replace("interval: 10m", "interval: 1s")
    rules = rules.replace("- name: bycloud-backups\n", "- name: bycloud-backups\n    interval: 1s\n")
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    return (
        f"rule_files: ['{folder / 'rules.yml'}']\n"
        f"scrape_configs: [{{job_name: bycloud, static_configs: [{{targets: ['{address}']}}]}}]\n"
    )


def _firing(prometheus: Prometheus) -> set[tuple[str, str]]:
    return {(s["metric"]["instance_id"], s["metric"]["team"]) for s in prometheus.query(FIRING)}


def test_an_alert_survives_a_restart_of_prometheus_in_an_outage(
    served: tuple[Served, str], tmp_path: Path
) -> None:
    """The firing alert keeps its team, the ended one stays away, and the alert ends after the outage."""
    now, address = served
    configuration = _configuration(tmp_path, address)
    with running_prometheus(configuration, tmp_path) as prometheus:
        wait_until(lambda: _firing(prometheus) == {("old", "payments"), ("ended", "payments")})
        now.text = HEALTHY + OLD
        wait_until(lambda: _firing(prometheus) == {("old", "payments")})
        now.text = FAILING
        wait_until(lambda: prometheus.value("bycloud:target:outage") > 0)
        wait_until(lambda: _firing(prometheus) == {("old", "payments")})
    with running_prometheus(configuration, tmp_path) as prometheus:
        wait_until(lambda: _firing(prometheus) == {("old", "payments")})
        wait_until(lambda: prometheus.value("count_over_time(bycloud_up[8s])") >= 7)

        assert _firing(prometheus) == {("old", "payments")}

        now.text = HEALTHY + OLD.replace(" 1000\n", " 9000000000\n")
        wait_until(lambda: _firing(prometheus) == set())
