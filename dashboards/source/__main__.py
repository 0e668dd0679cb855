"""`python -m dashboards.source [FOLDER [KEY=VALUE …]]`: write all dashboards.

The settings are those of the alert rules.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alerts.source.arguments import settings_of
from alerts.source.settings import Settings
from dashboards.source.files import FILES, rendered
from dashboards.source.library import library

HOME: Final = Path(__file__).parents[1]


def write(folder: Path, settings: Settings) -> None:
    """Write every dashboard into a folder, which is made if it does not exist, and print the files' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        path = folder / name
        path.write_text(rendered(name, settings), encoding="utf-8")
        sys.stdout.write(f"{path}\n")


def main(arguments: Sequence[str]) -> None:
    """Write the files that ship, or dashboards with other settings into another folder."""
    if arguments:
        write(Path(arguments[0]), settings_of(arguments[1:]))
    else:
        write(HOME, Settings())
        (HOME / "dashboards.libsonnet").write_text(library(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
