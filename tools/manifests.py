"""Renders the Helm chart; as a program, writes deploy/kubernetes/exporter.yaml with its default values."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

from tests.support.programs import need_tool, require_tools

ROOT: Final = Path(__file__).parents[1]
CHART: Final = ROOT / "deploy/helm/bycloud-backup-exporter"
RENDERED: Final = ROOT / "deploy/kubernetes/exporter.yaml"
HEADER: Final = """\
# What deploy/helm/bycloud-backup-exporter renders with its default values, for use without Helm.
# Written by `make manifests`.
#
# It needs the API key in a Secret, and the image in a registry that the nodes reach:
#   kubectl create secret generic bycloud-backup-exporter --from-file=api-key=FILE
#   kubectl apply -k deploy/kubernetes
"""


def helm(values: dict[str, Any]) -> dict[str, Any]:
    """Lint and render the chart; return `lint`, and `manifest` or `error`."""
    command = [
        need_tool("python"),
        str(Path(__file__).with_name("helm_render.py")),
        str(CHART),
        json.dumps(values),
    ]
    environment = os.environ | {"HELM_DRIVER": "memory"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    rendered: dict[str, Any] = json.loads(done.stdout)
    return rendered


def objects(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the rendered objects, by kind and name."""
    documents = [document for document in yaml.safe_load_all(helm(values)["manifest"]) if document]
    return {f"{document['kind']}/{document['metadata']['name']}": document for document in documents}


def default() -> str:
    """Return the text of the committed manifest."""
    manifest: str = helm({})["manifest"]
    return HEADER + "\n".join(line.rstrip() for line in manifest.splitlines() if line.strip()) + "\n"


if __name__ == "__main__":
    require_tools("python")
    RENDERED.write_text(default(), encoding="utf-8")
