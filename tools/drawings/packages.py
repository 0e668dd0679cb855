"""The packages in layers, from the contract that import-linter checks."""

from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Final

from tools.drawings.svg import PALE, PLAIN, arrow, box, drawing, words

ROOT: Final = Path(__file__).parents[2]
CONTRACT: Final = "importlinter:contract:layers"
WIDTH: Final = 860
HEIGHT: Final = 34
STEP: Final = 46
LEFT: Final = 110


def layers() -> list[list[str]]:
    """Return the names in each layer, the highest first."""
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    return [
        [name.strip() for name in line.split("|")]
        for line in contracts[CONTRACT]["layers"].split("\n")
        if line
    ]


def packages() -> str:
    """Return the drawing."""
    return drawing(WIDTH, STEP * len(layers()) + 40, "The packages in layers", _parts())


def _parts() -> Iterator[str]:
    rows = layers()
    for number, names in enumerate(rows):
        width = (WIDTH - LEFT - 20) / len(names)
        for column, name in enumerate(names):
            is_package = (ROOT / "exporter" / name).is_dir()
            x, y = LEFT + column * width, 14 + STEP * number
            yield box((x, y), (width - 8, HEIGHT), (name,), PLAIN if is_package else PALE)
    bottom = STEP * len(rows)
    yield arrow(56, 20, 56, bottom)
    yield words(56, bottom + 20, "may import", "small", anchor="middle")
    yield words(LEFT, bottom + 26, "dark: packages; light: modules of the root", "small")
