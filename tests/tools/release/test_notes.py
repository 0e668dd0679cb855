"""Release notes come from the changelog."""

from pathlib import Path
from typing import Final

import pytest

from tools.release.notes import NoNotesError, notes, sections, unwrapped

CHANGELOG: Final = """\
# Changelog

Text before.

## [Unreleased]

## [1.1.0] - 2026-03-01

### Added

- A long line
  that was wrapped.
- Another.

A paragraph
of two lines.

## [1.0.0] - 2026-01-01

First.
"""


def test_a_version_has_its_own_section() -> None:
    """The notes of a version have what is below its heading, and nothing of another version."""
    assert list(sections(CHANGELOG)) == ["Unreleased", "1.1.0", "1.0.0"]
    assert notes(CHANGELOG, "1.0.0") == "First.\n"


def test_wrapped_lines_are_joined() -> None:
    """A wrapped item or paragraph becomes one line, since a release page shows line breaks."""
    assert notes(CHANGELOG, "1.1.0") == (
        "### Added\n\n- A long line that was wrapped.\n- Another.\n\nA paragraph of two lines.\n"
    )
    assert unwrapped(unwrapped(CHANGELOG)) == unwrapped(CHANGELOG)


@pytest.mark.parametrize("version", ["2.0.0", "Unreleased"])
def test_a_version_without_notes_is_not_released(version: str) -> None:
    """A version without a section, or with an empty one, is an error that says what to do."""
    with pytest.raises(NoNotesError, match=r"no section \[.*\]: rename \[Unreleased\] to"):
        notes(CHANGELOG, version)


def test_the_changelog_has_sections() -> None:
    """The project's own changelog can be read."""
    changelog = (Path(__file__).parents[3] / "CHANGELOG.md").read_text(encoding="utf-8")

    assert "Unreleased" in sections(changelog)
