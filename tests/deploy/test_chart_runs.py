"""The rendered Deployment, run on this machine: its command, its files and its probes."""

import signal
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from exporter.simulator import SimulatedApi, bulk_backups, bulk_instances
from tests.support.certificates import Authority, serial
from tests.support.chart_values import SECRETS
from tests.support.kubelet import Files, running_pod, wait_for_probe, write_volume
from tests.support.real_prometheus import wait_until
from tests.support.web_config import LOGIN, PASSWORD, hashed
from tools.manifests import objects

KEY: Final = "demo:demo-secret"
PROBES: Final = ("livenessProbe", "readinessProbe")
USERS: Final = {"basic_auth_users": {LOGIN[0]: hashed(PASSWORD)}}
CLIENTS: Final = (
    "tls_server_config: {cert_file: tls.crt, key_file: tls.key, client_ca_file: ca.pem,"
    " client_auth_type: RequireAndVerifyClientCert}"
)
OWN_FILE: Final = {
    "extraArgs": ["--web.config.file=/etc/own/web.yml"],
    "extraVolumes": [{"name": "own", "secret": {"secretName": "own"}}],
    "extraVolumeMounts": [{"name": "own", "mountPath": "/etc/own"}],
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def api() -> Iterator[SimulatedApi]:
    """Run the embedded API."""
    with SimulatedApi(backups=bulk_backups(45, 6), instances=bulk_instances(6), api_key=KEY) as running:
        yield running


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return a certificate authority."""
    return Authority(tmp_path)


@pytest.fixture
def secrets(authority: Authority) -> dict[str, Files]:
    """Return the Secrets that a cluster has."""
    issued = authority.issue("server")
    cert, key = issued.cert.read_text(encoding="utf-8"), issued.key.read_text(encoding="utf-8")
    ca = authority.file.read_text(encoding="utf-8")
    return {
        "bycloud-backup-exporter": {"api-key": KEY, "east": KEY, "west": KEY},
        "cert": {"tls.crt": cert, "tls.key": key, "ca.crt": ca},
        "web": {"exporter.yml": CLIENTS, "tls.crt": cert, "tls.key": key, "ca.pem": ca},
        "own": {"web.yml": f"basic_auth_users: {{{LOGIN[0]}: {hashed(PASSWORD)}}}"},
    }


def two_targets(url: str) -> dict[str, Any]:
    """Return the configuration of two targets."""
    return {
        "targets": [
            {"name": name, "url": url, "api_key_file": f"{SECRETS}/{name}"} for name in ("east", "west")
        ]
    }


def values_of(name: str, url: str) -> dict[str, Any]:
    """Return values by name, with the embedded API."""
    by_name: dict[str, dict[str, Any]] = {
        "defaults": {"apiUrl": url},
        "replicas": {"apiUrl": url, "replicaCount": 2},
        "two targets": {"config": two_targets(url), "replicaCount": 2},
        "json": {"apiUrl": url, "extraArgs": ["--log.format=json", "--web.telemetry-path=/m"]},
        "tls": {"apiUrl": url, "webConfig": {"tlsSecret": "cert"}},
        "users": {"apiUrl": url, "webConfig": {"content": USERS}},
        "tls and users": {"config": two_targets(url), "webConfig": {"tlsSecret": "cert", "content": USERS}},
        "client certificates": {"apiUrl": url, "webConfig": {"existingSecret": "web", "key": "exporter.yml"}},
        "own file": {"apiUrl": url, **OWN_FILE},
    }
    return by_name[name]


def scrape(pod_url: str, authority: Authority, path: str) -> str:
    """Return the metrics, with whatever the server may ask for."""
    client = authority.issue("client", "prometheus")
    session = requests.Session()
    session.trust_env = False
    response = session.get(
        f"{pod_url}{path}", auth=LOGIN, verify=str(authority.file), cert=client.pair, timeout=60
    )
    assert response.status_code == 200, response.text
    return response.text


@pytest.mark.parametrize(
    ("name", "scheme", "path"),
    [
        ("defaults", "http", "/metrics"),
        ("replicas", "http", "/metrics"),
        ("two targets", "http", "/probe?target=west"),
        ("json", "http", "/m"),
        ("tls", "https", "/metrics"),
        ("users", "http", "/metrics"),
        ("tls and users", "https", "/probe?target=east"),
        ("client certificates", "https", "/metrics"),
        ("own file", "http", "/metrics"),
    ],
)
def test_the_pod_becomes_ready_and_stays_alive(  # noqa: PLR0913, PLR0917 - fixtures
    api: SimulatedApi,
    authority: Authority,
    secrets: Mapping[str, Files],
    tmp_path: Path,
    name: str,
    scheme: str,
    path: str,
) -> None:
    """Probes succeed until it hangs or ends, it serves complete metrics, and ends with 0 on SIGTERM."""
    rendered = objects(values_of(name, api.url))
    with running_pod(rendered, secrets, tmp_path / "volumes") as pod:
        for probe in PROBES:
            wait_for_probe(pod, probe)
        text = scrape(f"{scheme}://127.0.0.1:{pod.port}", authority, path)
        pod.process.send_signal(signal.SIGSTOP)
        hangs = pod.probe("livenessProbe")
        pod.process.send_signal(signal.SIGCONT)
        wait_for_probe(pod, "livenessProbe")
        pod.process.send_signal(signal.SIGTERM)
        status = pod.process.wait(30)
        after = [pod.probe(probe) for probe in PROBES]

    assert "\nbycloud_up 1.0\n" in text
    assert hangs is False
    assert status == 0
    assert after == [False, False]


def test_a_renewed_certificate_needs_no_restart(
    api: SimulatedApi, authority: Authority, secrets: Mapping[str, Files], tmp_path: Path
) -> None:
    """When the kubelet replaces the mounted Secret, new connections get the new certificate."""
    with running_pod(objects(values_of("tls", api.url)), secrets, tmp_path / "volumes") as pod:
        wait_for_probe(pod, "readinessProbe")
        issued = authority.issue("renewed")
        files = {"tls.crt": issued.cert.read_text("utf-8"), "tls.key": issued.key.read_text("utf-8")}
        write_volume(pod.folders["/etc/bycloud-backup-exporter-tls"], files)
        new = serial(issued.cert.read_bytes())
        wait_until(lambda: serial(ssl.get_server_certificate(("127.0.0.1", pod.port)).encode()) == new)

        assert pod.probe("livenessProbe")
