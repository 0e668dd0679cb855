"""The command line: `build` for a tag, `dry-run` without a registry, `packages` for this machine."""

import argparse
import platform
import shutil
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from exporter import __version__
from tools.notices import MissingLicenceError
from tools.programs import CheckFailedError, UnavailableError
from tools.release.build import build, finish, packages
from tools.release.notes import UNRELEASED, NoNotesError, sections
from tools.release.payload import DifferentFilesError
from tools.release.programs import ROOT
from tools.release.version import WrongVersionError, require_tag

FAILURES: Final = (
    CheckFailedError,
    DifferentFilesError,
    MissingLicenceError,
    NoNotesError,
    WrongVersionError,
)
ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def _empty(folder: Path) -> Path:
    """Return a folder that is empty now."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _release(folder: Path, notes_of: str) -> None:
    _empty(folder)
    _report(folder, chain(build(folder), finish(folder, notes_of)))


def _report(folder: Path, files: Iterable[Path]) -> None:
    for file in files:
        print(f"release: {file.relative_to(folder)}: {file.stat().st_size:,} bytes", flush=True)


def architecture_of(machine: str) -> str:
    """Return Debian's name of a machine's architecture, as `uname -m` prints it.

    :raises UnavailableError: there are no packages for it.
    """
    if machine not in ARCHITECTURES:
        raise UnavailableError(f"no packages for {machine}, only for {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[machine]


def dry_run(folder: Path) -> None:
    """Build twice; raise `CheckFailedError` if the files differ.

    The notes are those of the version, or of what is not released yet.
    """
    changelog = sections((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    with TemporaryDirectory(prefix="release-again-") as temporary:
        again = _empty(Path(temporary) / "dist")
        built = [file.relative_to(again) for file in build(again)]
        _release(folder, __version__ if __version__ in changelog else UNRELEASED)
        differing = [name for name in built if (again / name).read_bytes() != (folder / name).read_bytes()]
    if differing:
        raise CheckFailedError(f"a second build differs: {', '.join(map(str, differing))}")
    print(f"release: a second build gives the same {len(built)} files")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status: 1 if it fails, 2 if it cannot run here."""
    parser = argparse.ArgumentParser(prog="release", description="Build what a release has.")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist", help="emptied first; default: dist")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build for a tag").add_argument("tag", help="such as v1.2.3")
    commands.add_parser("dry-run", help="build twice, and compare")
    commands.add_parser("packages", help="build wheel, single file and Debian package for this machine")
    options = parser.parse_args(arguments)
    try:
        if options.command == "build":
            _release(options.folder, require_tag(options.tag))
        elif options.command == "packages":
            _report(options.folder, packages(_empty(options.folder), architecture_of(platform.machine())))
        else:
            dry_run(options.folder)
    except FAILURES as error:
        print(f"release: FAIL: {error}", file=sys.stderr)
        return 1
    except UnavailableError as error:
        print(f"release: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
