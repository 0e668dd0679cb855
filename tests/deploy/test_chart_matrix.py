"""The Helm chart with many combinations of values, compared with the schemas of what it creates."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from exporter.cli.parser import parse
from exporter.config import load_config
from tests.support.chart_values import MATRIX, keys_of
from tests.support.programs import need, need_tool
from tools.chart_readme import descriptions
from tools.manifests import CHART, ROOT, Objects, helm_all, objects_in

CRDS: Final = Path(__file__).with_name("crds")
CHECK: Final = ROOT / "tools/kubernetes_check.py"
Matrix = dict[str, Objects]


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    """Render the chart with each combination of values."""
    rendered = dict(zip(MATRIX, helm_all(list(MATRIX.values())), strict=True))
    errors = {name: result["error"] for name, result in rendered.items() if "error" in result}
    assert not errors
    return {name: objects_in(result["manifest"]) for name, result in rendered.items()}


def deployment(objects: Objects) -> dict[str, Any]:
    """Return the only Deployment."""
    (found,) = (one for one in objects.values() if one["kind"] == "Deployment")
    return found


def supported_versions() -> tuple[str, str]:
    """Return the oldest version that the chart supports, and the newest whose schemas are installed."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    oldest = re.fullmatch(r">=(\d+\.\d+)\.0-0", chart["kubeVersion"])
    newest = subprocess.check_output(
        [
            need_tool("python"),
            "-c",
            "import kubernetes_validate; print(kubernetes_validate.latest_version())",
        ],
        text=True,
    )
    assert oldest
    return oldest[1], newest.strip()


def checked(documents: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with objects, by the schemas of two versions of Kubernetes and of the operator."""
    command = [need_tool("python"), str(CHECK), str(CRDS), *supported_versions()]
    done = subprocess.run(command, input=json.dumps(documents), capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def check_rules(groups: dict[str, Any], folder: Path) -> None:
    """Assert that Prometheus accepts rules."""
    file = folder / "rules.yml"
    file.write_text(yaml.safe_dump(groups), encoding="utf-8")
    done = subprocess.run(
        [need("promtool"), "check", "rules", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def check_flags(objects: Objects, folder: Path) -> None:
    """Assert that the exporter accepts the rendered flags, the probes' command and the configuration."""
    (container,) = deployment(objects)["spec"]["template"]["spec"]["containers"]
    assert parse(container["args"]).command == "serve"
    for probe in (container.get("livenessProbe", {}), container.get("readinessProbe", {})):
        if "exec" in probe:
            assert parse(probe["exec"]["command"][1:]).command == "healthcheck"
    for one in objects.values():
        if text := one.get("data", {}).get("exporter.yml") if one["kind"] == "ConfigMap" else None:
            file = folder / "exporter.yml"
            file.write_text(text, encoding="utf-8")
            assert load_config(file, {"BYCLOUD_API_KEY": "a:b"}).targets


def check_mounts(objects: Objects) -> None:
    """Assert that each mount has its volume, and that every ConfigMap and Secret of the chart is mounted."""
    pod = deployment(objects)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    mounted = {
        f"Secret/{volume['secret']['secretName']}"
        if "secret" in volume
        else f"ConfigMap/{volume['configMap']['name']}"
        for volume in pod["volumes"]
    }
    own = {
        key
        for key in objects
        if key.startswith(("Secret/", "ConfigMap/")) and "grafana" not in str(objects[key])
    }
    assert own <= mounted


@pytest.mark.slow
def test_every_combination_is_valid(matrix: Matrix, tmp_path: Path) -> None:
    """Kubernetes, the operator, Prometheus and the exporter accept what each combination renders."""
    unique = {json.dumps(one, sort_keys=True) for objects in matrix.values() for one in objects.values()}
    problems = checked([json.loads(one) for one in unique])

    assert not problems, "\n".join(problems)
    for objects in matrix.values():
        check_flags(objects, tmp_path)
        check_mounts(objects)
    rules = [
        one["spec"]
        for objects in matrix.values()
        for one in objects.values()
        if one["kind"] == "PrometheusRule"
    ]
    for groups in rules:
        check_rules(groups, tmp_path)
    assert len(matrix) >= 20
    assert len(rules) == 3


def test_the_matrix_uses_every_value() -> None:
    """Every described value is changed by at least one combination."""
    used = {key for values in MATRIX.values() for key in keys_of(values)}
    described = {key for key, _ in descriptions((CHART / "values.yaml").read_text(encoding="utf-8"))}
    defaults = {  # a kind of scrape like one that is covered, or what no test can change
        "dashboards.labels",
        "credential.existingSecret",
        "credential.key",
        "serviceAccount.automountServiceAccountToken",
        "podDisruptionBudget.maxUnavailable",
    }

    assert described - used == defaults


@pytest.mark.slow
def test_wrong_objects_are_found() -> None:
    """The schemas refuse an unknown key and a wrong type, in Kubernetes' objects and in the operator's."""
    wrong = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "w"}, "dat": {}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": 1}},
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor",
            "metadata": {"name": "y"},
            "spec": {"selector": {}, "endpoints": [{"prot": "metrics"}]},
        },
        {
            "apiVersion": "monitoring.coreos.com/v1alpha1",
            "kind": "ScrapeConfig",
            "metadata": {"name": "z"},
            "spec": {"scrapeInterval": "often"},
        },
    ]

    assert {problem.partition(":")[0].split()[1] for problem in checked(wrong)} == {"w", "x", "y", "z"}


@pytest.mark.slow
def test_the_example_of_a_scrape_config_is_valid() -> None:
    """The operator accepts the example for an exporter outside the cluster."""
    example = yaml.safe_load((ROOT / "deploy/prometheus/scrapeconfig.yaml").read_text(encoding="utf-8"))

    assert checked([example]) == []
