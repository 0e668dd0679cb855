"""Many targets in one process: the real command, discovered by the real Prometheus, with reloads."""

import json
import resource
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from exporter.simulator import Request, bulk_backups, bulk_instances
from tests.support.command import LOOPBACK, ended, running
from tests.support.faults import CannedReply, FaultyApi, HangBeforeHeaders
from tests.support.real_prometheus import running_prometheus, wait_until

KEY = "demo:demo-secret"


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API of 45 backups over 6 instances."""
    with FaultyApi(backups=bulk_backups(45, 6), instances=bulk_instances(6), api_key=KEY) as running_api:
        yield running_api


def write(file: Path, url: str, *names: str, **keys: str) -> None:
    """Write a configuration of these targets, some with a different key."""
    targets = [
        {"name": name, "url": url, "api_key": keys.get(name, KEY), "size_unit": "GiB"} for name in names
    ]
    file.write_text(json.dumps({"targets": targets}), encoding="utf-8")


@pytest.mark.slow
def test_prometheus_discovers_them(api: FaultyApi, tmp_path: Path) -> None:
    """Each of three targets has its name as a label; only the one with a wrong key fails, with a reason."""
    file = tmp_path / "exporter.yml"
    write(file, api.url, "east", "west", "denied", denied="demo:wrong")
    with running(f"--config.file={file}", LOOPBACK) as (_, url):
        discovered = f"scrape_configs: [{{job_name: bycloud, http_sd_configs: [{{url: '{url}/sd'}}]}}]\n"
        with running_prometheus(discovered, tmp_path) as prometheus:
            wait_until(lambda: len(prometheus.query("sum_over_time(up[1m]) >= 2")) == 3)
            wait_until(lambda: len(prometheus.query("sum_over_time(bycloud_up[1m]) >= 2")) == 2)
            best = prometheus.query("max_over_time(bycloud_up[1m])")
            up = {one["metric"]["target"]: one["value"][1] for one in best}
            reasons = prometheus.query('bycloud_scrape_failure{target="denied"} == 1')
            instances = {one["metric"]["instance"] for one in prometheus.query("up")}

    assert up == {"east": "1", "west": "1", "denied": "0"}
    assert [(one["metric"]["target"], one["metric"]["reason"]) for one in reasons] == [("denied", "auth")]
    assert instances == {url.removeprefix("http://")}


@pytest.mark.slow
def test_a_hanging_target_delays_only_its_own_probe(api: FaultyApi, tmp_path: Path) -> None:
    """Another target responds while it waits."""
    requested = threading.Event()

    def note(_: Request) -> bool:
        requested.set()
        return True

    with FaultyApi(backups=bulk_backups(5, 1), api_key=KEY) as hanging:
        hanging.faults.add(HangBeforeHeaders(), times=None, when=note)
        file = tmp_path / "exporter.yml"
        targets = [
            {"name": "slow", "url": hanging.url, "api_key": KEY},
            {"name": "well", "url": api.url, "api_key": KEY},
        ]
        file.write_text(json.dumps({"targets": targets}), encoding="utf-8")
        with running(f"--config.file={file}", LOOPBACK) as (_, url), ThreadPoolExecutor(1) as pool:
            timeout = {"X-Prometheus-Scrape-Timeout-Seconds": "5"}
            waiting = pool.submit(requests.get, f"{url}/probe?target=slow", headers=timeout, timeout=30)
            assert requested.wait(10)
            other = requests.get(f"{url}/probe?target=well", headers=timeout, timeout=30).text
            still_waits = not waiting.done()
            hung = waiting.result().text

    assert "bycloud_up 1.0" in other
    assert still_waits
    assert 'bycloud_scrape_failure{reason="timeout"} 1.0' in hung


def reloads(url: str) -> tuple[float, float]:
    """Return both gauges about reloads."""
    text = requests.get(f"{url}/metrics", timeout=60).text
    values = dict(line.split() for line in text.splitlines() if line.startswith("bycloud_exporter_config_"))
    successful, since = sorted(values, key=len)
    return float(values[successful]), float(values[since])


def test_sighup_and_lifecycle_reload(api: FaultyApi, tmp_path: Path) -> None:
    """An unchanged target keeps its snapshot; a bad file changes nothing, and response and gauges say so."""
    file = tmp_path / "exporter.yml"
    write(file, api.url, "east", "west")
    with running(f"--config.file={file}", "--web.enable-lifecycle", LOOPBACK) as (process, url):
        requests.get(f"{url}/probe?target=east", timeout=60)
        loaded = reloads(url)
        write(file, api.url, "east", "north")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: requests.get(f"{url}/probe?target=north", timeout=60).ok)
        page = requests.get(f"{url}/", timeout=60).text
        gone = requests.get(f"{url}/probe?target=west", timeout=60).status_code
        reloaded = reloads(url)
        file.write_text("targets: [{name: x}]", encoding="utf-8")
        refused = requests.post(f"{url}/-/reload", timeout=60)
        kept = requests.get(f"{url}/probe?target=east", timeout=60).status_code
        failed = reloads(url)
        write(file, api.url, "south")
        accepted = requests.put(f"{url}/-/reload", timeout=60).status_code
        discovered = [one["labels"]["target"] for one in requests.get(f"{url}/sd", timeout=60).json()]
        status = ended(process, signal.SIGTERM)

    assert status == 0
    assert page.count('class="state ok"') == 2
    assert (gone, kept, accepted) == (404, 200, 200)
    assert loaded[0] == reloaded[0] == 1
    assert loaded[1] < reloaded[1]
    assert (refused.status_code, failed) == (500, (0.0, reloaded[1]))
    assert "exactly one of api_key" in refused.text
    assert discovered == ["south"]


@pytest.mark.slow
def test_200_targets_of_500_backups(tmp_path: Path) -> None:
    """One process serves all of them, forty at a time."""
    names = [f"organization-{place}" for place in range(200)]
    file = tmp_path / "exporter.yml"
    with FaultyApi(backups=bulk_backups(500, 20), instances=bulk_instances(20), api_key=KEY) as api:
        write(file, api.url, *names)
        with running(f"--config.file={file}", LOOPBACK) as (_, url), ThreadPoolExecutor(40) as pool:

            def probe(name: str) -> str:
                patience = {"X-Prometheus-Scrape-Timeout-Seconds": "60"}
                return requests.get(f"{url}/probe?target={name}", headers=patience, timeout=60).text

            responses = list(pool.map(probe, names))

    assert all("bycloud_up 1.0" in text for text in responses)


@pytest.mark.slow
def test_walks_that_fail_late_leave_no_memory_behind(tmp_path: Path) -> None:
    """The stored error does not keep the pages of its walk, 8 MiB here, in memory."""
    backups, file = bulk_backups(20_000, 200), tmp_path / "exporter.yml"
    with FaultyApi(backups=backups, api_key=KEY) as api:
        write(file, api.url, "only")
        last = backups[18_999].id
        api.faults.add(CannedReply(403), times=None, when=lambda request: request.query.get("marker") == last)
        with running(f"--config.file={file}", LOOPBACK) as (process, url):
            used = []
            for _ in range(16):
                text = requests.get(f"{url}/metrics", timeout=30).text
                used.append(_resident(process))

    assert 'bycloud_scrape_failure{reason="forbidden"} 1.0' in text
    assert "bycloud_scrape_pages 19.0" in text
    assert used[-1] - used[3] < 12 * 8 / 2  # half of what the last twelve would have kept


def _resident(process: "subprocess.Popen[str]") -> float:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


@pytest.mark.parametrize(
    ("arguments", "scheme", "path", "is_host_of_request"),
    [
        ([LOOPBACK], "http", "/probe", False),
        (["--web.listen-address=:0"], "http", "/probe", True),
        ([LOOPBACK, "--web.external-url=https://exporter.example/p/"], "https", "/p/probe", False),
    ],
)
def test_the_address_in_service_discovery(
    tmp_path: Path, arguments: list[str], scheme: str, path: str, *, is_host_of_request: bool
) -> None:
    """It is the external URL, else the listen address, else the host that Prometheus used."""
    file = tmp_path / "exporter.yml"
    write(file, "http://127.0.0.1:9", "east")
    with running(f"--config.file={file}", *arguments) as (process, url):
        (group,) = requests.get(f"{url}/sd", headers={"Host": "named:1"}, timeout=60).json()
        status = ended(process, signal.SIGTERM)

    listening = "exporter.example" if scheme == "https" else url.removeprefix("http://")
    assert group["targets"] == ["named:1" if is_host_of_request else listening]
    assert group["labels"]["__scheme__"] == scheme
    assert group["labels"]["__metrics_path__"] == path
    assert status == 0
