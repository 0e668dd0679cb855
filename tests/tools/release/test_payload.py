"""One folder serves several Python versions, or the build stops."""

from pathlib import Path

import pytest

from tools.release.payload import DifferentFilesError, require_equal


def test_versions_may_add_files(tmp_path: Path) -> None:
    """A file that only one Python version has is no conflict, and neither is an equal one."""
    for version, module in (("one", "x.cpython-311.so"), ("both", "x.cpython-312.so")):
        (tmp_path / version).mkdir()
        (tmp_path / version / module).write_text(module, encoding="utf-8")
        (tmp_path / version / "x.py").write_text("x = 1\n", encoding="utf-8")

    require_equal(tmp_path / "one", tmp_path / "both")


def test_a_file_that_differs_stops_the_build(tmp_path: Path) -> None:
    """A file that two Python versions need differently is named."""
    for version in ("one", "both"):
        (tmp_path / version / "package").mkdir(parents=True)
        (tmp_path / version / "package/x.py").write_text(version, encoding="utf-8")

    with pytest.raises(DifferentFilesError, match=r"^differs between Python versions: package/x\.py$"):
        require_equal(tmp_path / "one", tmp_path / "both")
