"""The software bill of materials: every locked dependency, as CycloneDX."""

import json
from pathlib import Path

from exporter import __version__
from tools.release.programs import ROOT, tool


def build(file: Path) -> None:
    """Write the bill of materials of requirements.lock; the same lock gives the same bytes."""
    how: list[str | Path] = ["--output-reproducible", "--validate", "--output-file", file]
    how += ["--pyproject", ROOT / "pyproject.toml"]
    tool("cyclonedx-py", "requirements", *how, ROOT / "requirements.lock")
    document = json.loads(file.read_text(encoding="utf-8"))
    document["metadata"]["component"]["version"] = __version__  # dynamic in pyproject.toml
    for component in document["components"]:
        del component["description"]  # the line of the lock, with all its hashes again
    file.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
