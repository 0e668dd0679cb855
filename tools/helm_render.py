"""Renders a chart with Helm's library: `python helm_render.py CHART VALUES`, the values as JSON.

Prints as JSON the result of lint and the manifest of an installation, or the error. Helm cannot install
without a cluster, so a fake API server on loopback accepts the chart's kinds.
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
KINDS: Final = {
    "v1": {"services": "Service", "secrets": "Secret", "configmaps": "ConfigMap"},
    "apps/v1": {"deployments": "Deployment"},
    "networking.k8s.io/v1": {"networkpolicies": "NetworkPolicy"},
    "monitoring.coreos.com/v1": {"servicemonitors": "ServiceMonitor", "prometheusrules": "PrometheusRule"},
}


def _group(version: str) -> dict[str, Any]:
    own = {"groupVersion": version, "version": version.partition("/")[2]}
    return {"name": version.partition("/")[0], "versions": [own], "preferredVersion": own}


def _resources(version: str) -> dict[str, Any]:
    listed = [
        {"name": name, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["get", "create"]}
        for name, kind in KINDS[version].items()
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed}


RESPONSES: Final[dict[str, dict[str, Any]]] = {
    "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "groups": [_group(version) for version in KINDS if "/" in version]},
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
    settings = helm_sdkpy.Configuration(namespace="default", kubeconfig=kubeconfig)
    lint = await helm_sdkpy.Lint(settings).run(chart)
    try:
        release = await helm_sdkpy.Install(settings).run(RELEASE, chart, values, wait=False)
    except helm_sdkpy.HelmError as error:
        return {"lint": lint, "error": str(error)}
    return {"lint": lint, "manifest": release["manifest"]}


def main() -> None:
    """Render the chart of the command line."""
    chart, values = sys.argv[1:]
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), _Cluster) as cluster,
        NamedTemporaryFile("w", suffix=".json") as file,
    ):
        file.write(_kubeconfig(cluster.server_port))
        file.flush()
        threading.Thread(target=cluster.serve_forever, daemon=True).start()
        print(json.dumps(asyncio.run(_render(chart, json.loads(values), file.name))))
        cluster.shutdown()


if __name__ == "__main__":
    main()
