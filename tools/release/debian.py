"""The Debian package: the payload, its command, the systemd unit and two conffiles."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from exporter import __version__
from tools.release.payload import PYTHONS
from tools.release.programs import ROOT, tool

NAME: Final = "bycloud-backup-exporter"
SOURCES: Final = ROOT / "deploy/debian"
UNIT: Final = ROOT / f"deploy/systemd/{NAME}.service"
ENVIRONMENT: Final = ROOT / "deploy/systemd/environment.example"
DESCRIPTION: Final = """\
Prometheus exporter for ByCloud's managed database backups
It shows whether each database can be restored, and to what point in time.
To start it, write the API key into /etc/bycloud-backup-exporter/api_key, then
run: systemctl enable --now bycloud-backup-exporter"""


def unit() -> str:
    """Return the systemd unit with the package's command instead of that of /opt."""
    text = UNIT.read_text(encoding="utf-8")
    return re.sub(r"^ExecStart=/opt/\S+", f"ExecStart=/usr/bin/{NAME}", text, flags=re.MULTILINE)


def _entry(source: Path, destination: str, mode: int = 0o644, kind: str = "") -> dict[str, Any]:
    info = {"mode": mode, "owner": "root", "group": "root"}
    return {"src": str(source), "dst": destination, "type": kind, "file_info": info}


def contents(payload: Path, unit_file: Path, notices: Path) -> list[dict[str, Any]]:
    """Return what the package installs, as nfpm describes it."""
    return [
        {"src": str(payload), "dst": f"/usr/lib/{NAME}", "type": "tree"},
        _entry(SOURCES / NAME, f"/usr/bin/{NAME}", mode=0o755),
        _entry(unit_file, f"/usr/lib/systemd/system/{NAME}.service"),
        _entry(ENVIRONMENT, f"/etc/{NAME}/environment", kind="config"),
        _entry(SOURCES / "exporter.yml", f"/etc/{NAME}/exporter.yml", kind="config"),
        _entry(ROOT / "LICENSE", f"/usr/share/doc/{NAME}/copyright"),
        _entry(notices, f"/usr/share/doc/{NAME}/THIRD_PARTY_NOTICES.txt"),
        _entry(ROOT / "CHANGELOG.md", f"/usr/share/doc/{NAME}/CHANGELOG.md"),
    ]


def description_of(architecture: str, seconds: int, installed: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the package as nfpm's configuration describes it."""
    oldest, newest = PYTHONS[0], int(PYTHONS[-1].partition(".")[2])
    return {
        "name": NAME,
        "arch": architecture,
        "version": __version__,
        "maintainer": "The maintainers of bycloud-backup-exporter",
        "description": DESCRIPTION,
        "license": "Apache-2.0",
        "section": "net",
        "priority": "optional",
        "mtime": datetime.fromtimestamp(seconds, UTC).isoformat(),
        "depends": [f"python3 (>= {oldest})", f"python3 (<< 3.{newest + 1})", "libc6 (>= 2.28)"],
        "contents": installed,
        "scripts": {
            f"{when}{what}": str(SOURCES / script)
            for when, what, script in (
                ("post", "install", "postinst"),
                ("pre", "remove", "prerm"),
                ("post", "remove", "postrm"),
            )
        },
    }


def build(payload: Path, notices: Path, folder: Path, architecture: str, seconds: int) -> Path:
    """Write the package into a folder; return its path.

    :param seconds: the time of every file in it, since 1970.
    """
    package = folder / f"{NAME}_{__version__}_{architecture}.deb"
    with TemporaryDirectory(prefix="debian-") as temporary:
        unit_file, configuration = Path(temporary) / "unit", Path(temporary) / "nfpm.json"
        unit_file.write_text(unit(), encoding="utf-8")
        described = description_of(architecture, seconds, contents(payload, unit_file, notices))
        configuration.write_text(json.dumps(described), encoding="utf-8")
        target: list[str | Path] = ["--config", configuration, "--packager", "deb", "--target", package]
        tool("nfpm", "package", *target, env={"SOURCE_DATE_EPOCH": str(seconds)})
    return package
