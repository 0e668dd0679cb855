"""The exporter with its dependencies in one folder, for several Python versions of one architecture."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tools.release.programs import ROOT, tool

PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS: Final = {"amd64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
"""The wheels' platform for each of Debian's architectures: Linux with glibc 2.28 or newer."""
UNUSED: Final = shutil.ignore_patterns(
    "bin", "RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", ".lock"
)
"""Commands, and metadata that differs between Python versions or between two builds."""


class DifferentFilesError(Exception):
    """Two Python versions need different files of the same name."""


def install(wheel: Path, folder: Path, architecture: str, seconds: int) -> None:
    """Install the exporter and its locked dependencies, for all Python versions.

    An extension module has the Python version in its name, so that all versions fit into one folder.

    :param seconds: the time that every file gets, since 1970.
    """
    with TemporaryDirectory(prefix="payload-") as temporary:
        for version in PYTHONS:
            one = Path(temporary) / version
            _install_for(version, architecture, one, "--require-hashes", "-r", ROOT / "requirements.lock")
            _install_for(version, architecture, one, "--no-deps", wheel)
            require_equal(one, folder)
            shutil.copytree(one, folder, ignore=UNUSED, dirs_exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (seconds, seconds))


def _install_for(version: str, architecture: str, folder: Path, *what: str | Path) -> None:
    target: list[str | Path] = [
        "--target",
        folder,
        "--python-version",
        version,
        "--python-platform",
        PLATFORMS[architecture],
    ]
    tool("uv", "pip", "install", "--quiet", "--only-binary=:all:", "--link-mode=copy", *target, *what)


def require_equal(one: Path, folder: Path) -> None:
    """Raise `DifferentFilesError` if a file differs from the one that is already in the payload."""
    for path in folder.rglob("*"):
        other = one / path.relative_to(folder)
        if path.is_file() and other.is_file() and path.read_bytes() != other.read_bytes():
            raise DifferentFilesError(f"differs between Python versions: {path.relative_to(folder)}")
