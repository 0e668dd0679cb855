"""The version has one source, and all that repeats it agrees."""

import re
import shutil
from pathlib import Path

import pytest

from exporter import __version__
from tools.release.programs import ROOT
from tools.release.version import REPEATED, WrongVersionError, repeated, require_tag


def test_everything_names_the_version() -> None:
    """The chart, the Compose file and the manifests name the version of the package."""
    assert repeated() == dict.fromkeys(REPEATED, __version__)
    assert require_tag(f"v{__version__}") == __version__


def test_a_tag_for_another_version_is_refused() -> None:
    """A tag that the checkout does not have is an error that names both versions."""
    with pytest.raises(WrongVersionError, match=rf"tag v99\.0\.0: .* has {re.escape(__version__)}"):
        require_tag("v99.0.0")


@pytest.mark.parametrize("place", REPEATED)
def test_a_forgotten_place_is_named(place: str, tmp_path: Path) -> None:
    """A file that still names another version, or none, stops the release."""
    for file, _ in REPEATED.values():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    file, pattern = REPEATED[place]
    text = (tmp_path / file).read_text(encoding="utf-8")
    changed = re.sub(pattern, lambda match: match[0].replace(__version__, "0.0.1"), text, flags=re.MULTILINE)
    (tmp_path / file).write_text(changed, encoding="utf-8")

    with pytest.raises(WrongVersionError, match=f"^{re.escape(place)}: found 0.0.1, but"):
        require_tag(f"v{__version__}", tmp_path)
