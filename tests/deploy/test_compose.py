"""The services of the Compose file, started by hand: their commands, mounted files and connections."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import requests
import yaml

from exporter.simulator import SimulatedApi, bulk_backups, bulk_instances
from tests.support.command import COMMAND, LOOPBACK
from tests.support.programs import need
from tests.support.real_prometheus import configured_prometheus, listening, wait_until
from tools.manifests import ROOT

FOLDER: Final = ROOT / "deploy/compose"
KEY: Final = "demo:demo-secret"
MOUNTED: Final = "/etc/prometheus/"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    """Return the services."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))[
        "services"
    ]
    return found


@contextmanager
def running_service(service: dict[str, Any], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run the exporter's entrypoint with a program that listens on a free port; yield the address."""
    program = folder / "bycloud-backup-exporter"
    program.write_text(f'#!/bin/sh\nexec {COMMAND} "$@" {LOOPBACK}\n', encoding="utf-8")
    program.chmod(0o755)
    shell, flag, line = service["entrypoint"]
    with subprocess.Popen(
        [shell, flag, line.replace("$$", "$")],
        env={"PATH": f"{folder}:{os.environ['PATH']}", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr
            ports = (re.search(r"event=listening .*\bport=(\d+)", line) for line in process.stderr)
            yield f"127.0.0.1:{next(found[1] for found in ports if found)}"
        finally:
            process.kill()


def mounted(service: dict[str, Any], folder: Path) -> Path:
    """Link Prometheus's mounted files into a folder, except for the configuration; return it."""
    for volume in service["volumes"]:
        source, target, *_ = volume.split(":")
        if target.startswith(MOUNTED) and not target.endswith("prometheus.yml"):
            link = folder / target.removeprefix(MOUNTED)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((FOLDER / source).resolve())
    return folder


@pytest.mark.parametrize("real", [False, True])
def test_the_services_work_together(
    services: dict[str, dict[str, Any]],
    tmp_path: Path,
    real: bool,  # noqa: FBT001 - with a key, or the demo
) -> None:
    """Prometheus scrapes the exporter, with and without a key, loads the rules and finds Alertmanager."""
    alertmanager = [
        need("prometheus-alertmanager"),
        f"--config.file={FOLDER / 'alertmanager.yml'}",
        f"--storage.path={tmp_path / 'alertmanager'}",
        "--cluster.listen-address=",
    ]
    rules = yaml.safe_load((ROOT / "alerts/bycloud-backups.rules.yml").read_text(encoding="utf-8"))
    with (
        SimulatedApi(backups=bulk_backups(45, 6), instances=bulk_instances(6), api_key=KEY) as api,
        running_service(
            services["exporter"],
            tmp_path,
            {"BYCLOUD_API_KEY": KEY, "BYCLOUD_API_URL": api.url} if real else {"BYCLOUD_API_KEY": ""},
        ) as exporter,
        listening(alertmanager, tmp_path / "alertmanager.log") as alerts,
    ):
        text = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
        text = text.replace("exporter:10140", exporter).replace("alertmanager:9093", alerts)
        text = re.sub(r"(_interval|_timeout): \w+", r"\1: 1s", text)
        with configured_prometheus(text, mounted(services["prometheus"], tmp_path)) as prometheus:
            wait_until(lambda: prometheus.value("bycloud_up") == 1)
            wait_until(lambda: len(active(prometheus.url)) == 1)
            backups = prometheus.value("bycloud_scrape_backups")
            loaded = requests.get(f"{prometheus.url}/api/v1/rules", timeout=60).json()["data"]["groups"]

    assert (backups == 45) is real
    sizes = {group["name"]: len(group["rules"]) for group in rules["groups"]}
    assert {group["name"]: len(group["rules"]) for group in loaded} == sizes


def active(prometheus: str) -> list[dict[str, str]]:
    """Return the Alertmanagers that a Prometheus sends alerts to."""
    response = requests.get(f"{prometheus}/api/v1/alertmanagers", timeout=60).json()
    found: list[dict[str, str]] = response["data"]["activeAlertmanagers"]
    return found
