"""The version: `__version__` is its only source, and everything that repeats it must agree."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from exporter import __version__
from tools.release.programs import ROOT

CHART: Final = "deploy/helm/bycloud-backup-exporter/Chart.yaml"
REPEATED: Final = {
    "version in Chart.yaml": (CHART, r"^version: (\S+)$"),
    "appVersion in Chart.yaml": (CHART, r'^appVersion: "(\S+)"$'),
    "compose.yaml": ("deploy/compose/compose.yaml", r"image: bycloud-backup-exporter:(\S+)$"),
    "exporter.yaml": ("deploy/kubernetes/exporter.yaml", r"image: \S*bycloud-backup-exporter:(\S+?)\"?$"),
}
"""Where the version is repeated, for tools that cannot read it: file, and pattern."""


class WrongVersionError(Exception):
    """Two places name different versions."""


def repeated(root: Path = ROOT) -> Mapping[str, str | None]:
    """Return the version that each other place names; None where none is found."""
    found = {}
    for place, (file, pattern) in REPEATED.items():
        match = re.search(pattern, (root / file).read_text(encoding="utf-8"), re.MULTILINE)
        found[place] = match[1] if match else None
    return found


def require_tag(tag: str, root: Path = ROOT) -> str:
    """Return the version that a tag releases.

    :param tag: `v` and the version.
    :raises WrongVersionError: the checkout, or a part of it, has another version.
    """
    if tag != f"v{__version__}":
        raise WrongVersionError(
            f"tag {tag}: exporter/__init__.py has {__version__}; tag v{__version__}, or change it"
        )
    for place, found in repeated(root).items():
        if found != __version__:
            raise WrongVersionError(f"{place}: found {found}, but exporter/__init__.py has {__version__}")
    return __version__
