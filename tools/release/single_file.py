"""The single file: a zip archive that Python runs, with all dependencies."""

from pathlib import Path
from typing import Final

from tools.release.programs import tool

PREAMBLE: Final = Path(__file__).with_name("preamble.py")


def build(payload: Path, file: Path, seconds: int) -> None:
    """Write the single file with a payload's content.

    :param seconds: the time of every file in it, since 1970.
    """
    what: list[str | Path] = ["--site-packages", payload, "--entry-point=exporter.__main__:main"]
    how: list[str | Path] = ["--reproducible", "--compressed", "--preamble", PREAMBLE, "--output-file", file]
    tool("shiv", *what, *how, env={"SOURCE_DATE_EPOCH": str(seconds)})
