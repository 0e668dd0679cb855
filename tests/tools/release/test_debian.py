"""The Debian package: its unit, its conffiles and its scripts."""

import subprocess
from pathlib import Path

import pytest

from tools.release.debian import SOURCES, UNIT, contents, description_of, unit


def test_only_the_command_of_the_unit_changes() -> None:
    """The package's unit is the documented one, with the package's command."""
    given, packaged = UNIT.read_text(encoding="utf-8").splitlines(), unit().splitlines()
    changed = [new for old, new in zip(given, packaged, strict=True) if old != new]

    assert changed == ["ExecStart=/usr/bin/bycloud-backup-exporter serve $ARGS"]


def test_what_is_in_etc_is_kept_on_an_upgrade(tmp_path: Path) -> None:
    """Every file in /etc is a conffile, and nothing else is."""
    for entry in contents(tmp_path, tmp_path / "unit", tmp_path / "notices"):
        assert entry["dst"].startswith("/etc/") == (entry["type"] == "config")


def test_it_needs_a_python_that_the_payload_has() -> None:
    """The package depends on the Python versions that its extension modules are built for."""
    depends = description_of("amd64", 0, [])["depends"]

    assert {"python3 (>= 3.11)", "python3 (<< 3.15)"} <= set(depends)


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_scripts_do_little(script: str) -> None:
    """A maintainer script is valid, stops at an error, and never starts, enables or deletes by itself."""
    path = SOURCES / script
    text = path.read_text(encoding="utf-8")

    assert subprocess.run(["/bin/sh", "-n", path], check=False).returncode == 0
    assert "\nset -e\n" in text
    assert not [word for word in ("rm ", " enable", "systemctl start", "useradd", "chown") if word in text]
