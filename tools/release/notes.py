"""Release notes, from CHANGELOG.md: `python -m tools.release.notes VERSION` prints them."""

import re
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
UNRELEASED: Final = "Unreleased"
HEADING: Final = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - \d{4}-\d{2}-\d{2})?$", re.MULTILINE)


class NoNotesError(Exception):
    """The changelog has nothing about a version."""


def sections(changelog: str) -> dict[str, str]:
    """Return the text below each version's heading."""
    headings = list(HEADING.finditer(changelog))
    ends = [heading.start() for heading in headings[1:]] + [len(changelog)]
    return {
        heading["version"]: changelog[heading.end() : end].strip()
        for heading, end in zip(headings, ends, strict=True)
    }


def _paragraph(lines: list[str]) -> str:
    """Join the lines of a wrapped list item: a release page shows each line break."""
    return " ".join(line.strip() if number else line for number, line in enumerate(lines))


def unwrapped(text: str) -> str:
    """Return Markdown with one line for each list item or paragraph."""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if blocks and blocks[-1] != [""] and line and not line.startswith(("#", "- ")):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return "\n".join(map(_paragraph, blocks))


def notes(changelog: str, version: str) -> str:
    """Return the notes of a version.

    :raises NoNotesError: the changelog has no section about it, or an empty one.
    """
    text = sections(changelog).get(version)
    if not text:
        raise NoNotesError(
            f"CHANGELOG.md: no section [{version}]: rename [{UNRELEASED}] to [{version}] and add the date"
        )
    return unwrapped(text) + "\n"


def main(version: str) -> None:
    """Print the notes of a version."""
    try:
        sys.stdout.write(notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version))
    except NoNotesError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
