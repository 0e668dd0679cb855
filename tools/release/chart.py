"""The packaged Helm chart."""

from pathlib import Path
from typing import Final

from exporter import __version__
from tools.programs import UnavailableError, run
from tools.release.programs import ROOT, SECONDS

CHART: Final = ROOT / "deploy/helm/bycloud-backup-exporter"
PYTHON: Final = ROOT / ".venv-deploy/bin/python"
PROGRAM: Final = ROOT / "tools/helm_package.py"


def file_name() -> str:
    """Return the name of the packaged chart."""
    return f"bycloud-backup-exporter-{__version__}.tgz"


def package(folder: Path) -> Path:
    """Write the packaged chart into a folder; return its path.

    :raises UnavailableError: Helm's library is not installed.
    """
    if not PYTHON.exists():
        raise UnavailableError("Helm's library is not installed: run `make tools`")
    run(PYTHON, PROGRAM, CHART, folder, timeout=SECONDS)
    return folder / file_name()
