"""Renders a chart with Helm's library: `python helm_render.py CHART`, a list of values as JSON on stdin.

Prints as JSON, for each of the values, manifest and notes of an installation or the error. Helm cannot
install without a cluster, so a fake API server on loopback accepts the chart's kinds. `--lint CHART` prints
the result of lint as JSON; `--package CHART FOLDER` packages the chart and prints the archive's path.
"""

import asyncio
import json
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tempfile import NamedTemporaryFile
from typing import Any, Final

import helm_sdkpy  # type: ignore[import-not-found] # it needs Python 3.12

RELEASE: Final = "bycloud-backup-exporter"
NAMESPACE: Final = "default"
KINDS: Final = {
    "v1": {
        "services": "Service",
        "secrets": "Secret",
        "configmaps": "ConfigMap",
        "serviceaccounts": "ServiceAccount",
    },
    "policy/v1": {"poddisruptionbudgets": "PodDisruptionBudget"},
    "apps/v1": {"deployments": "Deployment"},
    "networking.k8s.io/v1": {"networkpolicies": "NetworkPolicy"},
    "monitoring.coreos.com/v1": {
        "servicemonitors": "ServiceMonitor",
        "podmonitors": "PodMonitor",
        "prometheusrules": "PrometheusRule",
    },
    "monitoring.coreos.com/v1alpha1": {"scrapeconfigs": "ScrapeConfig"},
}


def _groups() -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, str]]] = {}
    for version in KINDS:
        name, slash, short = version.partition("/")
        if slash:
            groups.setdefault(name, []).append({"groupVersion": version, "version": short})
    return [{"name": name, "versions": all_, "preferredVersion": all_[0]} for name, all_ in groups.items()]


def _resources(version: str) -> dict[str, Any]:
    listed = [
        {"name": name, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["get", "create"]}
        for name, kind in KINDS[version].items()
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed}


RESPONSES: Final[dict[str, dict[str, Any]]] = {
    "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "groups": _groups()},
    **{f"/apis/{version}": _resources(version) for version in KINDS if "/" in version},
    "/api/v1": _resources("v1"),
}


class _Cluster(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """List the API; no object exists."""
        path = self.path.partition("?")[0]
        missing = {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
        self._send(RESPONSES.get(path, missing), HTTPStatus.OK if path in RESPONSES else HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Accept an object."""
        self._send(json.loads(self.rfile.read(int(self.headers["Content-Length"]))), HTTPStatus.CREATED)

    def _send(self, document: dict[str, Any], status: HTTPStatus) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _kubeconfig(port: int) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "nobody", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "nobody"}}],
        }
    )


async def _render(chart: str, values: dict[str, Any], kubeconfig: str) -> dict[str, Any]:
    settings = helm_sdkpy.Configuration(namespace=NAMESPACE, kubeconfig=kubeconfig)
    try:
        release = await helm_sdkpy.Install(settings).run(RELEASE, chart, values, wait=False)
    except helm_sdkpy.HelmError as error:
        return {"error": str(error)}
    return {"manifest": release["manifest"], "notes": release["info"]["notes"]}


async def _render_all(chart: str, kubeconfig: str) -> list[dict[str, Any]]:
    return [await _render(chart, values, kubeconfig) for values in json.load(sys.stdin)]


async def _run(action: str, kubeconfig: str, *arguments: str) -> str:
    settings = helm_sdkpy.Configuration(namespace=NAMESPACE, kubeconfig=kubeconfig)
    if action == "--lint":
        return json.dumps(await helm_sdkpy.Lint(settings).run(*arguments))
    path: str = await helm_sdkpy.Package(settings).run(*arguments)
    return path


def main() -> None:
    """Render, lint or package the chart of the command line."""
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), _Cluster) as cluster,
        NamedTemporaryFile("w", suffix=".json") as file,
    ):
        file.write(_kubeconfig(cluster.server_port))
        file.flush()
        threading.Thread(target=cluster.serve_forever, daemon=True).start()
        match sys.argv[1:]:
            case [("--lint" | "--package") as action, *arguments]:
                print(asyncio.run(_run(action, file.name, *arguments)))
            case [chart]:
                print(json.dumps(asyncio.run(_render_all(chart, file.name))))
        cluster.shutdown()


if __name__ == "__main__":
    main()
