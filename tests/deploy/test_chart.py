"""The Helm chart, rendered by Helm's own library, and the plain manifest."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from exporter import __version__
from exporter.config import load_config
from exporter.yaml12 import parse_yaml
from tests.support.chart_values import CONNECTION, MATRIX
from tests.support.programs import need_tool
from tools.chart_readme import chart_readme
from tools.manifests import (
    CHART,
    RENDERED,
    ROOT,
    copies,
    default,
    helm_all,
    lint,
    objects,
    objects_in,
    package,
)

NAME: Final = "bycloud-backup-exporter"


@pytest.fixture(scope="module")
def everything() -> dict[str, dict[str, Any]]:
    """Return what the chart renders with every feature on."""
    return objects(MATRIX["everything"])


def test_lint_finds_nothing() -> None:
    """Helm's lint reports nothing but the missing icon, which it calls information."""
    found = lint()

    assert found["Errors"] is None
    assert [message["Severity"] for message in found["Messages"]] == [1]


def test_the_manifest_is_what_the_chart_renders_by_default() -> None:
    """The manifest is up to date; if not, run `make manifests`."""
    assert RENDERED.read_text(encoding="utf-8") == default()


def test_kustomize_accepts_the_folder() -> None:
    """`kubectl apply -k` applies the same objects."""
    command = [need_tool("kubectl"), "kustomize", str(RENDERED.parent)]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert {one["kind"] for one in yaml.safe_load_all(built)} == {
        "Deployment",
        "Service",
        "ServiceAccount",
        "NetworkPolicy",
    }


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


@pytest.mark.slow
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
    assert container["args"][3:] == [
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


def test_replicas_share_the_budget(everything: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """The share of each target, also of the one without a configuration, is divided by the number of pods."""
    file, key = tmp_path / "exporter.yml", tmp_path / "api-key"
    file.write_text(everything[f"ConfigMap/{NAME}"]["data"]["exporter.yml"], encoding="utf-8")
    key.write_text("id:secret", encoding="utf-8")
    single = {
        "replicaCount": 4,
        "apiUrl": "https://api.example",
        "extraEnv": [{"name": "BYCLOUD_SIZE_UNIT", "value": "GiB"}],
    }
    (container,) = objects(single)[f"Deployment/{NAME}"]["spec"]["template"]["spec"]["containers"]
    environ = {one["name"]: one["value"] for one in container["env"]} | {"BYCLOUD_API_KEY_FILE": str(key)}
    (target,) = load_config(None, environ).targets

    assert {one.name: one.budget_share for one in load_config(file, {}).targets} == {"east": 0.2, "w$1": 0.25}
    assert (target.budget_share, target.url, target.size_unit) == (0.125, "https://api.example", "GiB")


def test_each_of_several_targets_has_a_probe(everything: dict[str, dict[str, Any]]) -> None:
    """Each of several targets has a `/probe` endpoint with its name as a label; one has `/metrics`."""
    own, *probes = everything[f"ServiceMonitor/{NAME}"]["spec"]["endpoints"]
    (single,) = objects({"serviceMonitor": {"enabled": True}})[f"ServiceMonitor/{NAME}"]["spec"]["endpoints"]

    assert single == {"port": "metrics", "interval": "1m", "scrapeTimeout": "30s", "scheme": "http"}
    assert own == single | {"scheme": "https"} | CONNECTION
    assert [probe["params"]["target"] for probe in probes] == [["east"], ["w$1"]]
    assert {probe["path"] for probe in probes} == {"/probe"}
    assert [probe["relabelings"][0]["replacement"] for probe in probes] == ["east", "w$$1"]
    assert all(probe.items() >= own.items() for probe in probes)


def test_probes_follow_the_web_configuration(everything: dict[str, dict[str, Any]]) -> None:
    """With a web configuration, from any value, probes run `healthcheck` with the flags of the server."""
    flag = "--web.config.file=/etc/ca/web.yml"
    own_file = objects({"extraArgs": ["--log.level=debug", flag]})
    container, own = (
        rendered[f"Deployment/{NAME}"]["spec"]["template"]["spec"]["containers"][0]
        for rendered in (everything, own_file)
    )
    command = ["bycloud-backup-exporter", "healthcheck", "--web.listen-address=:10140"]
    mounted = "--web.config.file=/etc/bycloud-backup-exporter-web/web.yml"

    assert container["args"][:3] == ["serve", *command[2:], mounted]
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["exec"]["command"] == [*command, mounted]
        assert own[probe]["exec"]["command"] == [*command, flag]
        assert "httpGet" not in container[probe]


def test_rules_are_the_project_s(everything: dict[str, dict[str, Any]]) -> None:
    """Without changes, the chart ships the project's rules."""
    rules = yaml.safe_load((ROOT / "alerts/bycloud-backups.rules.yml").read_text(encoding="utf-8"))

    assert everything[f"PrometheusRule/{NAME}"]["spec"] == rules
    assert everything[f"PrometheusRule/{NAME}"]["metadata"]["labels"]["release"] == "main"


def rules_by_name(groups: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return rules by the name of their alert or record."""
    return {rule.get("alert") or rule["record"]: rule for group in groups for rule in group["rules"]}


def test_rules_can_be_changed() -> None:
    """An alert can be off, and have another severity, `for` and labels; all else stays as it is."""
    shipped = yaml.safe_load((ROOT / "alerts/bycloud-backups.rules.yml").read_text(encoding="utf-8"))
    spec = objects(MATRIX["changed rules"])[f"PrometheusRule/{NAME}"]["spec"]
    before, after = rules_by_name(shipped["groups"]), rules_by_name(spec["groups"])
    changed, other = after["ByCloudBackupTooOld"], after["ByCloudBackupMissing"]

    assert before.keys() - after.keys() == {"ByCloudBackupStuck"}
    assert after.keys() - before.keys() == {"Own"}
    assert changed["for"] == "1h"
    assert changed["labels"] == before["ByCloudBackupTooOld"]["labels"] | {
        "severity": "warning",
        "team": "payments",
    }
    assert changed["expr"] == before["ByCloudBackupTooOld"]["expr"]
    assert other["labels"] == before["ByCloudBackupMissing"]["labels"] | {"team": "databases"}
    assert other["annotations"]["runbook_url"] == "https://wiki.example.com/runbooks/ByCloudBackupMissing"
    assert other["annotations"]["summary"] == before["ByCloudBackupMissing"]["annotations"]["summary"]


def rules_of(name: str, alerts: dict[str, dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return severity, `for` and label `backups` of each rule of an alert, with changed values."""
    values = {"prometheusRule": {"enabled": True, "alerts": alerts}}
    groups = objects(values)[f"PrometheusRule/{NAME}"]["spec"]["groups"]
    rules = [rule for group in groups for rule in group["rules"] if rule.get("alert") == name]
    return [(rule["labels"]["severity"], rule["for"], rule["labels"].get("backups", "")) for rule in rules]


@pytest.mark.slow
def test_two_rules_of_one_alert_are_changed_together_or_apart() -> None:
    """A key with the value of a label changes only the rules with it, and wins over the alert's own key."""
    empty, missing = "ByCloudBackupInventoryEmpty", "ByCloudBackupMissing"

    assert rules_of(empty, {empty: {"for": "1h"}}) == [("critical", "1h", ""), ("info", "1h", "")]
    assert rules_of(empty, {empty: {"for": "1h"}, f"{empty}/info": {"enabled": False}}) == [
        ("critical", "1h", "")
    ]
    changes = {missing: {"for": "1h"}, f"{missing}/never": {"severity": "info", "for": "2h"}}
    assert rules_of(missing, changes) == [
        ("critical", "1h", "lost"),
        ("info", "2h", "never"),
    ]


@pytest.mark.slow
def test_no_value_repeats_a_key_of_the_chart() -> None:
    """Labels, annotations and variables of the values replace the chart's, except those it depends on."""
    (rendered,) = helm_all([MATRIX["repeated keys"]])
    for document in re.split(r"(?m)^---$", rendered["manifest"]):
        parse_yaml(document)  # refuses a duplicate key
    found = objects_in(rendered["manifest"])
    pod = found[f"Deployment/{NAME}"]["spec"]["template"]
    selector = found[f"Service/{NAME}"]["spec"]["selector"]

    assert pod["metadata"]["labels"].items() >= selector.items()
    assert found[f"Service/{NAME}"]["metadata"]["labels"].items() >= selector.items()
    assert pod["metadata"]["labels"]["helm.sh/chart"] == "mine"
    assert pod["metadata"]["labels"]["app.kubernetes.io/version"] == "7"
    assert len(pod["metadata"]["annotations"]["checksum/config"]) == 64
    assert found[f"ServiceMonitor/{NAME}"]["metadata"]["labels"]["app.kubernetes.io/instance"] == "main"
    assert found[f"ConfigMap/{NAME}-overview"]["metadata"]["annotations"] == {"grafana_folder": "Databases"}
    assert [one["name"] for one in pod["spec"]["containers"][0]["env"]] == [
        "BYCLOUD_API_KEY_FILE",
        "BYCLOUD_BUDGET_SHARE",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("monitor", ["serviceMonitor", "podMonitor", "scrapeConfig"])
def test_scrapes_follow_the_path_of_the_metrics(monitor: str) -> None:
    """Each way to scrape requests the path of `--web.telemetry-path`."""
    kind = monitor[0].upper() + monitor[1:]
    values = {"extraArgs": ["--web.telemetry-path=/backups"], monitor: {"enabled": True}}
    spec = objects(values)[f"{kind}/{NAME}"]["spec"]
    (endpoint,) = spec.get("endpoints") or spec.get("podMetricsEndpoints") or [spec]

    assert (endpoint.get("metricsPath") or endpoint["path"]) == "/backups"


@pytest.mark.slow
def test_a_probe_can_be_off() -> None:
    """`null` removes a probe."""
    pod = objects(MATRIX["no probes"])[f"Deployment/{NAME}"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert not container.keys() & {"livenessProbe", "readinessProbe"}


def test_dashboards_are_the_project_s(everything: dict[str, dict[str, Any]]) -> None:
    """Each dashboard is in a ConfigMap with the label of Grafana's sidecar."""
    files = {file.stem: file for file in (ROOT / "dashboards").glob("*.json")}
    maps = {stem: everything[f"ConfigMap/{NAME}-{stem}"] for stem in files}

    assert files
    for stem, file in files.items():
        assert maps[stem]["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert json.loads(maps[stem]["data"][file.name]) == json.loads(file.read_text(encoding="utf-8"))


def test_dashboards_have_a_folder() -> None:
    """A folder becomes the annotation that the sidecar reads."""
    rendered = objects({"dashboards": {"enabled": True, "folder": "Databases"}})

    assert {
        one["metadata"].get("annotations", {}).get("grafana_folder")
        for key, one in rendered.items()
        if key.startswith("ConfigMap/")
    } == {"Databases"}


def test_copies_are_up_to_date() -> None:
    """The chart's copies of rules and dashboards equal their sources; if not, run `make manifests`."""
    files = {path for path in (CHART / "files").rglob("*") if path.is_file()}

    assert files == set(copies())
    assert [copy for copy, source in copies().items() if copy.read_bytes() != source.read_bytes()] == []


def test_the_readme_is_up_to_date() -> None:
    """README.md is what values.yaml and the schema say; if not, run `make manifests`."""
    assert (CHART / "README.md").read_text(encoding="utf-8") == chart_readme(CHART)


@pytest.mark.slow
def test_a_copied_chart_works(tmp_path: Path) -> None:
    """No link leaves the chart's folder: a copy of it is packaged, and the archive renders the same."""
    copied = shutil.copytree(CHART, tmp_path / CHART.name, symlinks=True)
    archive = package(copied, tmp_path)
    values = {"prometheusRule": {"enabled": True}, "dashboards": {"enabled": True}}
    (rendered,) = helm_all([values], archive)

    assert archive.name == f"{NAME}-{__version__}.tgz"
    assert not [path for path in CHART.rglob("*") if path.is_symlink()]
    assert objects_in(rendered["manifest"]) == objects(values)


def test_the_plain_manifest_does_not_claim_helm() -> None:
    """Objects that Helm does not manage do not say so."""
    assert (
        "helm"
        not in RENDERED.read_text(encoding="utf-8").replace("deploy/helm", "").replace("Helm.", "").lower()
    )


def test_notes_say_what_is_left_to_do() -> None:
    """The notes name the Secret to create and what is not installed, and nothing once all is there."""
    first, last = (result["notes"] for result in helm_all([{}, MATRIX["everything"]]))

    assert f"create secret generic {NAME} --from-file=api-key=FILE" in first
    assert "serviceMonitor.enabled=true" in first
    assert "prometheusRule.enabled=true" in first
    assert "open http://localhost:10140/" in first
    assert "open https://localhost:10140/" in last
    assert "each one has 1/2 of each target's budget_share" in last
    assert "create secret" not in last
    assert "=true" not in last


def test_no_template_expands_a_file() -> None:
    """No template uses `tpl`, which would expand Prometheus's and Grafana's own templates."""
    assert not [file for file in CHART.glob("templates/*") if re.search(r"\btpl\b", file.read_text("utf-8"))]


WRONG: Final[list[tuple[dict[str, Any], str]]] = [
    ({"replica": 1}, "replica"),
    ({"credential": {"existingSecret": ""}}, "credential"),
    ({"service": {"port": 0}}, "port"),
    ({"config": {"target": []}}, "target"),
    ({"config": {"targets": [{"name": "a", "api_key": "id:secret"}]}}, "api_key"),
    ({"serviceMonitor": {"interval": "often"}}, "interval"),
    (
        {"serviceMonitor": {"enabled": True, "interval": "1m", "scrapeTimeout": "1m1s"}},
        "serviceMonitor.scrapeTimeout: found 1m1s, allowed: at most serviceMonitor.interval, which is 1m",
    ),
    (
        {"podMonitor": {"enabled": True, "interval": "29999ms"}},
        "podMonitor.scrapeTimeout: found 30s, allowed",
    ),
    (
        {"scrapeConfig": {"enabled": True, "interval": "10s"}},
        "scrapeConfig.scrapeTimeout: found 30s, allowed",
    ),
    (
        {"serviceMonitor": {"enabled": True}, "scrapeConfig": {"enabled": True}},
        "serviceMonitor, scrapeConfig: found all of them enabled, allowed: one",
    ),
    (
        {"prometheusRule": {"enabled": True, "alerts": {"ByCloudBackupTooYoung": {"for": "1h"}}}},
        "prometheusRule.alerts: found ByCloudBackupTooYoung, allowed: ByCloud",
    ),
    (
        {"prometheusRule": {"enabled": True, "alerts": {"ByCloudBackupTooOld/info": {"for": "1h"}}}},
        "prometheusRule.alerts: found ByCloudBackupTooOld/info, allowed: ByCloud",
    ),
    ({"prometheusRule": {"alerts": {"ByCloudBackupTooOld": {"severty": "info"}}}}, "severty"),
    ({"extraEnv": [{"value": "1"}]}, "name"),
    ({"image": {"digest": "latest"}}, "digest"),
    ({"webConfig": {"content": {"tls": {}}}}, "tls"),
    ({"extraArgs": ["check"]}, "extraArgs"),
]


@pytest.mark.slow
def test_wrong_values_are_refused() -> None:
    """Schema and templates refuse wrong values, name them, and show no secret."""
    rendered = helm_all([values for values, _ in WRONG])

    for result, (_, explained) in zip(rendered, WRONG, strict=True):
        assert "manifest" not in result
        assert explained in result["error"]
        assert "id:secret" not in result["error"]


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


def test_a_single_target_is_scraped_once() -> None:
    """Its metrics are in the exporter's own: to discover it as well would double every alert."""
    single = objects({"scrapeConfig": {"enabled": True}})["ScrapeConfig/bycloud-backup-exporter"]["spec"]

    assert "httpSDConfigs" not in single
    assert single["staticConfigs"]
