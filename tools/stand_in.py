"""Makes a stand-in for the Dockerfile's base image, for machines without a registry: Debian's Python."""

import hashlib
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.programs import CheckFailedError, run

PACKAGES = "ca-certificates,python3,python3-venv"
LINKS = ("usr/local/bin/python3", "usr/local/bin/python")
SECONDS = 1200.0


def cache_folder() -> Path:
    """Return the folder in which stand-ins are cached."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "bycloud-backup-exporter"


def debian_suite(dockerfile: str) -> str:
    """Return the Debian release of the Dockerfile's default base, such as bookworm."""
    match = re.search(r"^ARG PYTHON_IMAGE=\S+-([a-z]+)$", dockerfile, re.MULTILINE)
    if match is None:
        raise CheckFailedError("the Dockerfile's PYTHON_IMAGE names no Debian release")
    return match[1]


def archive(suite: str, cache: Path) -> Path:
    """Return a tar archive of the stand-in's root file system, from the cache if it is there.

    It gets its name once it is complete, so an interrupted one is never used.
    """
    recipe = hashlib.sha256(f"{suite} {PACKAGES} {LINKS}".encode()).hexdigest()[:12]
    made = cache / f"python-{suite}-{recipe}.tar"
    if not made.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="stand-in-", dir=cache) as folder:
            partial = _make(suite, Path(folder))
            partial.replace(made)
    return made


def _make(suite: str, folder: Path) -> Path:
    root, partial = folder / "root", folder / "root.tar"
    # In its own mount namespace, so that no mount of debootstrap is left behind.
    debootstrap = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={PACKAGES}"]
    run(*debootstrap, suite, root, timeout=SECONDS)
    for link in LINKS:
        (root / link).symlink_to("../../bin/python3")
    run("tar", "--create", "--file", partial, "--directory", root, ".", timeout=SECONDS)
    return partial
