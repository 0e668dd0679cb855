"""Which build runs: the version, the revision of the source where it is known, and Python."""

import platform
from collections.abc import Mapping
from typing import Final

from exporter import __version__

REVISION: Final = "BYCLOUD_EXPORTER_REVISION"
"""The variable in which an image keeps the revision that it was built from."""


def describe_version(environ: Mapping[str, str]) -> str:
    """Return what `--version` prints.

    >>> describe_version({"BYCLOUD_EXPORTER_REVISION": "c6a7c43"})  # doctest: +ELLIPSIS
    '... (revision c6a7c43, Python 3...)'
    """
    revision = environ.get(REVISION, "")
    known = f"revision {revision}, " if revision.isalnum() and revision != "unknown" else ""
    return f"{__version__} ({known}Python {platform.python_version()})"
