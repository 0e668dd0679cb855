"""The bill of materials names what is locked."""

import json
import re
from pathlib import Path

import pytest

from exporter import __version__
from tests.support.programs import need_release_tool
from tools.release import sbom
from tools.release.programs import ROOT


@pytest.mark.slow
def test_every_locked_package_is_named(tmp_path: Path) -> None:
    """Each pin of the lock is a component with its hashes, and a second run writes the same bytes."""
    need_release_tool("cyclonedx-py")
    files = [tmp_path / name for name in ("first.json", "second.json")]
    for file in files:
        sbom.build(file)
    document = json.loads(files[0].read_text(encoding="utf-8"))
    components = document["components"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = set(re.findall(r"^([\w.-]+)(?:\[\S+\])?==([^\s;]+)", lock, re.MULTILINE))

    assert {(component["name"], component["version"]) for component in components} == pins
    assert all(component["externalReferences"][0]["hashes"] for component in components)
    assert document["metadata"]["component"]["version"] == __version__
    assert files[0].read_bytes() == files[1].read_bytes()
