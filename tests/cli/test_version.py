"""The text of `--version`."""

import platform

import pytest

from exporter import __version__
from exporter.cli.version import describe_version

PYTHON = f"Python {platform.python_version()}"


@pytest.mark.parametrize(
    ("revision", "text"),
    [
        ("c6a7c43", f"{__version__} (revision c6a7c43, {PYTHON})"),
        ("", f"{__version__} ({PYTHON})"),
        ("unknown", f"{__version__} ({PYTHON})"),
        ("\x1b[2J", f"{__version__} ({PYTHON})"),
    ],
)
def test_a_known_revision_is_shown(revision: str, text: str) -> None:
    """An image has it in a variable; a value that is no revision is omitted."""
    assert describe_version({"BYCLOUD_EXPORTER_REVISION": revision}) == text
    assert describe_version({}) == f"{__version__} ({PYTHON})"
