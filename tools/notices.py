"""Prints the licences of installed distributions: `python3 notices.py FOLDER`, with their `*.dist-info`.

The image's build runs it with nothing but the standard library.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

OURS: Final = "bycloud-backup-exporter"
RULE: Final = "-" * 80
NAMES: Final = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
"""How the names of the files begin that a licence asks to be passed on."""


class MissingLicenceError(Exception):
    """A distribution has no licence text."""


def licence(distribution: Distribution) -> str:
    """Return the short name of a distribution's licence, from its metadata."""
    metadata = distribution.metadata
    for key in ("License-Expression", "License"):
        if metadata[key] and "\n" not in metadata[key]:
            return metadata[key]
    classifiers = (text.split(" :: ") for text in metadata.get_all("Classifier") or ())
    return ", ".join(parts[-1] for parts in classifiers if parts[0] == "License")


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and content of the licence files in a `*.dist-info` folder."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name.upper().startswith(NAMES):
            yield file.name, file.read_text(encoding="utf-8", errors="replace").strip()


def _info_folder(folder: Path, distribution: Distribution) -> Path:
    name = distribution.name.lower().replace("-", "_").replace(".", "_")
    found = (path for path in folder.glob("*.dist-info") if path.name.lower().startswith(f"{name}-"))
    return next(found)


def entry(folder: Path, distribution: Distribution) -> Iterator[str]:
    """Yield the lines about one distribution.

    :raises MissingLicenceError: it has no licence text.
    """
    yield from (RULE, f"{distribution.name} {distribution.version}: {licence(distribution)}", RULE, "")
    found = list(texts(_info_folder(folder, distribution)))
    if not found:
        raise MissingLicenceError(f"{distribution.name} {distribution.version} comes without a licence text")
    for name, text in found:
        yield from (f"{name}:", "", text, "")


def notices(folder: Path) -> str:
    """Return the licences of all distributions in a folder, without the exporter's own."""
    installed = sorted(distributions(path=[str(folder)]), key=lambda distribution: distribution.name.lower())
    lines = ["bycloud-backup-exporter includes these packages under their own licences.", ""]
    for distribution in installed:
        if distribution.name != OURS:
            lines += entry(folder, distribution)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(notices(Path(sys.argv[1])))
