"""The Helm chart, rendered by Helm's own library, and the plain manifest."""

import base64
import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from exporter import __version__
from exporter.config import load_config
from tests.support.programs import need_tool
from tools.manifests import CHART, RENDERED, ROOT, default, helm, objects

NAME: Final = "bycloud-backup-exporter"
TARGETS: Final = [
    {"name": "east", "api_key_file": "/run/secrets/bycloud/east"},
    {"name": "w$1", "api_key_file": "/run/secrets/bycloud/west"},
]
EVERYTHING: Final[dict[str, Any]] = {
    "replicas": 2,
    "image": {"tag": "9"},
    "imagePullSecrets": [{"name": "registry"}],
    "credential": {"apiKey": "id:secret"},
    "config": {"targets": TARGETS, "objectives": [{"max_age": "26h"}]},
    "extraArgs": ["--log.format=json"],
    "service": {"annotations": {"a": "b"}},
    "networkPolicy": {
        "from": [{"podSelector": {"matchLabels": {"app": "prometheus"}}}],
        "apiPorts": [443, 3128],
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "main"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "main"}},
    "dashboards": {"enabled": True},
    "podLabels": {"team": "databases"},
    "podAnnotations": {"c": "d"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "x", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
}


@pytest.fixture(scope="module")
def everything() -> dict[str, dict[str, Any]]:
    """Return what the chart renders with every feature on."""
    return objects(EVERYTHING)


def test_lint_finds_nothing() -> None:
    """Helm's lint reports nothing but the missing icon, which it calls information."""
    lint = helm({})["lint"]

    assert lint["Errors"] is None
    assert [message["Severity"] for message in lint["Messages"]] == [1]


def test_the_manifest_is_what_the_chart_renders_by_default() -> None:
    """The manifest is up to date; if not, run `make manifests`."""
    assert RENDERED.read_text(encoding="utf-8") == default()


def test_kubernetes_knows_every_key(tmp_path: Path) -> None:
    """Objects are valid in the oldest and newest supported Kubernetes, in strict mode."""
    native = [one for one in objects(EVERYTHING).values() if not one["apiVersion"].startswith("monitoring")]
    all_on = tmp_path / "everything.yaml"
    all_on.write_text(yaml.safe_dump_all(native), encoding="utf-8")
    for version in ("1.25", "1.37"):
        command = [need_tool("kubernetes-validate"), "-k", version, "--strict", str(RENDERED), str(all_on)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout + done.stderr
        assert (done.stdout + done.stderr).count("passed") == 3 + len(native)


def test_kustomize_accepts_the_folder() -> None:
    """`kubectl apply -k` applies the same objects."""
    command = [need_tool("kubectl"), "kustomize", str(RENDERED.parent)]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert {one["kind"] for one in yaml.safe_load_all(built)} == {"Deployment", "Service", "NetworkPolicy"}


def test_the_pod_may_do_nothing() -> None:
    """The pod is non-root and read-only, has no capability and no token, and has probes and resources."""
    pod = objects({})[f"Deployment/{NAME}"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["livenessProbe"]["httpGet"]["path"] == "/-/healthy"
    assert container["readinessProbe"]["httpGet"]["path"] == "/-/ready"
    assert container["resources"]["limits"]["memory"]


def test_without_a_configuration_the_secret_is_all(tmp_path: Path) -> None:
    """Without targets in `config`, the Secret's environment makes the target."""
    key = tmp_path / "api-key"
    key.write_text("id:secret", encoding="ascii")
    for values in (
        {"apiUrl": "https://api.example"},
        {"apiUrl": "https://api.example", "config": {"objectives": []}},
    ):
        pod = objects(values)[f"Deployment/{NAME}"]["spec"]["template"]["spec"]
        environment = {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"]}
        mounted = environment["BYCLOUD_API_KEY_FILE"]
        (target,) = load_config(None, environment | {"BYCLOUD_API_KEY_FILE": str(key)}).targets

        assert mounted == "/run/secrets/bycloud/api-key"
        assert target.url == "https://api.example"
        assert pod["volumes"][0]["secret"] == {"secretName": NAME, "defaultMode": 0o440}


def test_a_configuration_is_mounted(everything: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """The configuration is mounted where the exporter reads it, and a change restarts the pod."""
    file = tmp_path / "exporter.yml"
    file.write_text(everything[f"ConfigMap/{NAME}"]["data"]["exporter.yml"], encoding="utf-8")
    template = everything[f"Deployment/{NAME}"]["spec"]["template"]
    (container,) = template["spec"]["containers"]

    assert [target.name for target in load_config(file, {}).targets] == ["east", "w$1"]
    assert "env" not in container
    assert container["args"][2:] == [
        "--config.file=/etc/bycloud-backup-exporter/exporter.yml",
        "--log.format=json",
    ]
    assert container["volumeMounts"][1]["mountPath"] == "/etc/bycloud-backup-exporter"
    assert len(template["metadata"]["annotations"]["checksum/config"]) == 64


def test_an_inline_key_makes_a_secret(everything: dict[str, dict[str, Any]]) -> None:
    """An inline key becomes a Secret, which the pod mounts."""
    secret = everything[f"Secret/{NAME}-key"]
    volume = everything[f"Deployment/{NAME}"]["spec"]["template"]["spec"]["volumes"][0]

    assert base64.b64decode(secret["data"]["api-key"]) == b"id:secret"
    assert volume["secret"]["secretName"] == f"{NAME}-key"


def test_each_of_several_targets_has_a_probe(everything: dict[str, dict[str, Any]]) -> None:
    """Each of several targets has a `/probe` endpoint with its name as a label; one has `/metrics`."""
    own, *probes = everything[f"ServiceMonitor/{NAME}"]["spec"]["endpoints"]
    (single,) = objects({"serviceMonitor": {"enabled": True}})[f"ServiceMonitor/{NAME}"]["spec"]["endpoints"]

    assert own == single
    assert [probe["params"]["target"] for probe in probes] == [["east"], ["w$1"]]
    assert {probe["path"] for probe in probes} == {"/probe"}
    assert [probe["relabelings"][0]["replacement"] for probe in probes] == ["east", "w$$1"]


def test_rules_are_the_project_s(everything: dict[str, dict[str, Any]]) -> None:
    """The chart ships the project's rules unchanged."""
    rules = yaml.safe_load((ROOT / "alerts/bycloud-backups.rules.yml").read_text(encoding="utf-8"))

    assert everything[f"PrometheusRule/{NAME}"]["spec"] == rules
    assert everything[f"PrometheusRule/{NAME}"]["metadata"]["labels"]["release"] == "main"


def test_dashboards_are_the_project_s(everything: dict[str, dict[str, Any]]) -> None:
    """Each dashboard is in a ConfigMap with the label of Grafana's sidecar."""
    files = {file.stem: file for file in (ROOT / "dashboards").glob("*.json")}
    maps = {stem: everything[f"ConfigMap/{NAME}-{stem}"] for stem in files}

    assert files
    for stem, file in files.items():
        assert maps[stem]["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert json.loads(maps[stem]["data"][file.name]) == json.loads(file.read_text(encoding="utf-8"))


def test_no_template_expands_a_file() -> None:
    """No template uses `tpl`, which would expand Prometheus's and Grafana's own templates."""
    assert not [file for file in CHART.glob("templates/*") if re.search(r"\btpl\b", file.read_text("utf-8"))]


@pytest.mark.parametrize(
    ("values", "explain_violation"),
    [
        ({"replica": 1}, "replica"),
        ({"credential": {"existingSecret": ""}}, "credential"),
        ({"service": {"port": 0}}, "port"),
        ({"config": {"target": []}}, "target"),
        ({"serviceMonitor": {"interval": "often"}}, "interval"),
    ],
)
def test_wrong_values_are_refused(values: dict[str, Any], explain_violation: str) -> None:
    """The schema refuses wrong values and names them."""
    output = helm(values)

    assert "manifest" not in output
    assert explain_violation in output["error"]


def test_every_value_is_in_the_schema() -> None:
    """Values and schema have the same keys."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))

    assert set(schema["properties"]) - {"global"} == set(values)


def test_the_version_is_the_exporter_s() -> None:
    """Chart, Compose file and package have the same version."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    compose = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text(encoding="utf-8"))

    assert chart["version"] == chart["appVersion"] == __version__
    assert compose["services"]["exporter"]["image"] == f"{NAME}:{__version__}"
