"""Builds all files of a release into one folder."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from exporter import __version__
from tools.notices import notices
from tools.release import chart, debian, notes, payload, sbom, single_file
from tools.release.programs import ROOT, commit_seconds, tool

CHECKSUMS: Final = "SHA256SUMS"
NOTICES: Final = "THIRD_PARTY_NOTICES.txt"
NOTES: Final = "RELEASE_NOTES.md"
PYTHON: Final = "python"
"""The folder with what PyPI gets, and nothing else."""


def distributions(folder: Path, seconds: int) -> Path:
    """Write the wheel and the sdist, and check them as PyPI does; return the wheel.

    :param seconds: the time of every file in them, since 1970.
    """
    epoch = {"SOURCE_DATE_EPOCH": str(seconds)}
    tool("pyproject-build", "--no-isolation", "--outdir", folder, ROOT, env=epoch)
    tool("twine", "check", "--strict", *sorted(folder.iterdir()))
    return next(folder.glob("*.whl"))


def single_file_name(architecture: str) -> str:
    """Return the single file's name."""
    return f"bycloud-backup-exporter-{__version__}-linux-{architecture}.pyz"


def build(folder: Path) -> Iterator[Path]:
    """Build into an empty folder; yield each file once it is complete.

    The same commit gives the same bytes.
    """
    seconds = int(commit_seconds())
    wheel = distributions(folder / PYTHON, seconds)
    yield from sorted((folder / PYTHON).iterdir())
    for architecture in payload.PLATFORMS:
        yield from for_architecture(folder, wheel, architecture, seconds)
    yield folder / NOTICES
    sbom.build(folder / "sbom.cdx.json")
    yield folder / "sbom.cdx.json"


def packages(folder: Path, architecture: str) -> Iterator[Path]:
    """Build what one machine installs into an empty folder; yield wheel, single file and Debian package.

    :param architecture: as Debian calls it.
    """
    seconds = int(commit_seconds())
    wheel = distributions(folder / PYTHON, seconds)
    yield wheel
    yield from for_architecture(folder, wheel, architecture, seconds)


def finish(folder: Path, notes_of: str) -> Iterator[Path]:
    """Add the chart, the checksums of all files, and the release notes; yield each file.

    :param notes_of: the changelog's section for the release notes.
    :raises NoNotesError: the changelog has no such section.
    """
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    text = notes.notes(changelog, notes_of)
    yield chart.package(folder)
    for name, content in ((CHECKSUMS, checksums(folder)), (NOTES, text)):
        (folder / name).write_text(content, encoding="utf-8")
        yield folder / name


def for_architecture(folder: Path, wheel: Path, architecture: str, seconds: int) -> Iterator[Path]:
    """Build what contains compiled modules: the single file and the Debian package; write the notices."""
    with TemporaryDirectory(prefix="release-") as temporary:
        tree = Path(temporary) / "payload"
        payload.install(wheel, tree, architecture, seconds)
        (folder / NOTICES).write_text(notices(tree), encoding="utf-8")
        single = folder / single_file_name(architecture)
        single_file.build(tree, single, seconds)
        yield single
        yield debian.build(tree, folder / NOTICES, folder, architecture, seconds)


def checksums(folder: Path) -> str:
    """Return the checksum of every file in a folder and below, as `sha256sum` prints it."""
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.name)
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
