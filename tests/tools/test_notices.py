"""The notices name every included package and pass on its licence."""

import re
from pathlib import Path
from typing import Final

import pytest

from tools.notices import MissingLicenceError, notices

ROOT: Final = Path(__file__).parents[2]
METADATA: Final = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{more}"


def installed(folder: Path, name: str, more: str = "License: MIT\n", **texts: str) -> None:
    """Write a distribution's metadata; `texts` are its licence files."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    (info / "licenses").mkdir(parents=True)
    (info / "METADATA").write_text(METADATA.format(name=name, more=more), encoding="utf-8")
    for file, text in texts.items():
        (info / "licenses" / file).write_text(text, encoding="utf-8")


def test_every_licence_is_passed_on(tmp_path: Path) -> None:
    """Each package is there with its version, the name of its licence and all texts, by name."""
    installed(tmp_path, "zebra", LICENSE="be kind", NOTICE="by Zoe")
    installed(tmp_path, "Two-words", more="License-Expression: Apache-2.0\n", COPYING="be fair")
    text = notices(tmp_path)

    assert re.findall(r"^\S+ 1\.0: .*$", text, re.MULTILINE) == [
        "Two-words 1.0: Apache-2.0",
        "zebra 1.0: MIT",
    ]
    assert [part in text for part in ("be kind", "by Zoe", "be fair")] == [True] * 3


def test_a_classifier_may_name_the_licence(tmp_path: Path) -> None:
    """A package without a licence field is under the licence of its classifier."""
    installed(
        tmp_path, "old", more="Classifier: License :: OSI Approved :: BSD License\n", LICENSE="be careful"
    )

    assert "old 1.0: BSD License\n" in notices(tmp_path)


def test_the_exporter_is_no_third_party(tmp_path: Path) -> None:
    """The exporter's own licence is not repeated."""
    installed(tmp_path, "bycloud-backup-exporter", LICENSE="ours")

    assert "ours" not in notices(tmp_path)


def test_a_missing_text_is_an_error(tmp_path: Path) -> None:
    """A package without a licence text stops the build, since its licence could not be passed on."""
    installed(tmp_path, "bare")

    with pytest.raises(MissingLicenceError, match=r"^bare 1\.0 comes without a licence text$"):
        notices(tmp_path)
