"""The Prometheus configurations in deploy/, loaded by a real Prometheus that scrapes a real exporter."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from exporter.simulator import SimulatedApi, bulk_backups, bulk_instances
from tests.support.command import LOOPBACK, running
from tests.support.real_prometheus import Prometheus, configured_prometheus, wait_until
from tools.manifests import ROOT, objects

FOLDER: Final = ROOT / "deploy/prometheus"
KEY: Final = "demo:demo-secret"
NAMES: Final = [f"target-{number}" for number in range(8)]
RECEIVER: Final = "--web.enable-remote-write-receiver"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def exporters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Run an exporter with eight targets and one with a single target; yield their addresses."""
    folder = tmp_path_factory.mktemp("exporters")
    with (
        SimulatedApi(backups=bulk_backups(45, 6), instances=bulk_instances(6), api_key=KEY) as api,
        ExitStack() as stack,
    ):
        addresses = []
        for names in (NAMES, NAMES[:1]):
            targets = [
                {"name": name, "url": api.url, "api_key": KEY, "min_walk_interval": "1m"} for name in names
            ]
            file = folder / f"{len(names)}.yml"
            file.write_text(yaml.safe_dump({"targets": targets}), encoding="utf-8")
            _, url = stack.enter_context(running("serve", f"--config.file={file}", LOOPBACK))
            addresses.append(url.removeprefix("http://"))
        yield addresses[0], addresses[1]


def scraping(text: str, address: str) -> str:
    """Return a configuration with the exporter's real address, which scrapes every second."""
    text, replaced = re.subn(r"[\w.-]+:10140", address, text)
    assert replaced
    intervals = r"\b(scrape_?interval|scrape_?timeout|refresh_?interval): \w+"
    return re.sub(intervals, r"\1: 1s", text, flags=re.IGNORECASE)


def shipped(name: str, address: str, **replacements: str) -> str:
    """Return a shipped configuration with the exporter's real address and other replacements."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    for found, replacement in replacements.items():
        assert found in text
        text = text.replace(found, replacement)
    return scraping(text, address)


def up(prometheus: Prometheus, job: str) -> list[str]:
    """Return the label `target` of each series that is up, empty for the exporter itself."""
    return sorted(
        sample["metric"].get("target", "") for sample in prometheus.query(f'up{{job="{job}"}} == 1')
    )


def test_a_single_target(exporters: tuple[str, str], tmp_path: Path) -> None:
    """prometheus.yml scrapes one exporter with one target."""
    _, single = exporters
    with configured_prometheus(shipped("prometheus.yml", single), tmp_path) as prometheus:
        wait_until(lambda: prometheus.value("bycloud_up") == 1)

        assert up(prometheus, "bycloud-backups") == [""]


def test_targets_are_discovered(exporters: tuple[str, str], tmp_path: Path) -> None:
    """http-sd.yml scrapes each target by its probe, and the exporter itself."""
    many, _ = exporters
    with configured_prometheus(shipped("http-sd.yml", many), tmp_path) as prometheus:
        wait_until(lambda: up(prometheus, "bycloud-backups") == NAMES)
        wait_until(lambda: up(prometheus, "bycloud-backup-exporter") == [""])
        wait_until(lambda: prometheus.value("count(bycloud_up == 1)") == len(NAMES))


def test_shards_have_each_target_once(exporters: tuple[str, str], tmp_path: Path) -> None:
    """Two servers with sharding.yml scrape different targets, and together all of them."""
    many, _ = exporters
    found: list[list[str]] = []
    with ExitStack() as stack:
        servers = []
        for shard in ("0", "1"):
            text = shipped("sharding.yml", many, **{'regex: "0"': f'regex: "{shard}"'})
            (tmp_path / shard).mkdir()
            servers.append(stack.enter_context(configured_prometheus(text, tmp_path / shard)))

        def both() -> list[str]:
            found[:] = [up(server, "bycloud-backups") for server in servers]
            return sorted(found[0] + found[1])

        wait_until(lambda: both() == NAMES)

    assert all(found)


def test_a_scrape_config_of_the_operator(exporters: tuple[str, str], tmp_path: Path) -> None:
    """scrapeconfig.yaml and the chart's ScrapeConfig, in Prometheus's spelling, discover every target."""
    many, _ = exporters
    targets = [{"name": name, "api_key_file": f"/keys/{name}"} for name in NAMES]
    values = {"scrapeConfig": {"enabled": True}, "config": {"targets": targets}}
    of_the_chart = objects(values)["ScrapeConfig/bycloud-backup-exporter"]["spec"] | {"jobName": "chart"}
    example = yaml.safe_load((FOLDER / "scrapeconfig.yaml").read_text(encoding="utf-8"))["spec"]
    jobs = [as_prometheus(spec) for spec in (example, of_the_chart)]
    text = scraping(yaml.safe_dump({"scrape_configs": jobs}), many)
    with configured_prometheus(text, tmp_path) as prometheus:
        wait_until(lambda: up(prometheus, "bycloud-backups") == NAMES)
        wait_until(lambda: up(prometheus, "chart") == ["", *NAMES])


def as_prometheus(spec: dict[str, Any]) -> dict[str, Any]:
    """Translate a ScrapeConfig as the operator does: snake case, and `sd_configs` in one word."""

    def snake(key: str) -> str:
        return re.sub(r"(?<!^)(?=[A-Z][a-z])", "_", key.replace("SDC", "_sdC")).lower()

    def translated(value: Any) -> Any:
        if isinstance(value, dict):
            return {snake(key): translated(one) for key, one in value.items()}
        return [translated(one) for one in value] if isinstance(value, list) else value

    found: dict[str, Any] = translated(spec)
    return found | {"scheme": found.get("scheme", "http").lower()}


def test_replicas_that_write_to_a_central_store(exporters: tuple[str, str], tmp_path: Path) -> None:
    """Series differ by the replica's label alone, timestamps are equal without it, the rest is not sent."""
    _, single = exporters
    empty = "global: {evaluation_interval: 1s}\n"
    timestamps = "bycloud_database_restorable_newest_timestamp_seconds"
    with ExitStack() as stack:
        for name in ("central", "a", "b"):
            (tmp_path / name).mkdir()
        central = stack.enter_context(configured_prometheus(empty, tmp_path / "central", RECEIVER))
        for replica in ("a", "b"):
            changed = {
                "replica: a": f"replica: {replica}",
                "http://localhost:9009/api/v1/push": f"{central.url}/api/v1/write",
            }
            text = shipped("remote-write.yml", single, **changed)
            stack.enter_context(configured_prometheus(text, tmp_path / replica))
        wait_until(lambda: central.value("count(bycloud_up == 1)") == 2)
        wait_until(lambda: central.value(f"count(count by (replica) ({timestamps}))") == 2)
        labels = central.query("bycloud_up")[0]["metric"]
        series, deduplicated = (
            central.value(f"count({query})")
            for query in (timestamps, f"max without (replica) ({timestamps})")
        )
        unequal = central.query(
            f"max without (replica) ({timestamps}) != min without (replica) ({timestamps})"
        )
        others = central.query('{__name__=~"(python|process|scrape)_.*"}')

    assert labels["cluster"] == "production"
    assert labels["job"] == "bycloud-backups"
    assert series == 2 * deduplicated
    assert unequal == []
    assert others == []
