"""Which build runs: its version, the source's revision if known, and Python's version."""

import sys
from collections.abc import Mapping

from exporter import __version__

PROGRAM = "bycloud-backup-exporter"
REVISION = "BYCLOUD_EXPORTER_REVISION"
"""The variable in which an image keeps the revision that it was built from."""


def describe_version(environ: Mapping[str, str]) -> str:
    """Return what `--version` prints.

    >>> describe_version({"BYCLOUD_EXPORTER_REVISION": "c6a7c43"})  # doctest: +ELLIPSIS
    '... (revision c6a7c43, Python 3...)'
    """
    revision = environ.get(REVISION, "")
    known = f"revision {revision}, " if revision.isalnum() and revision != "unknown" else ""
    python = sys.version.partition(" ")[0]  # importing `platform` would take a tenth of the start-up time
    return f"{__version__} ({known}Python {python})"
