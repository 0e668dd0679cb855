"""`python -m dashboards.source [FOLDER]`: write all dashboards."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.source.capacity import capacity
from dashboards.source.compliance import compliance
from dashboards.source.exporter import exporter
from dashboards.source.instance import instance
from dashboards.source.overview import overview

HOME: Final = Path(__file__).parents[1]
FILES: Final[Mapping[str, Callable[[], Dashboard]]] = {
    "overview.json": overview,
    "instance.json": instance,
    "compliance.json": compliance,
    "capacity.json": capacity,
    "exporter.json": exporter,
}


def rendered(make: Callable[[], Dashboard]) -> str:
    """Return a dashboard's JSON."""
    return json.dumps(make().build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(folder: Path = HOME) -> None:
    """Write every file."""
    for name, make in FILES.items():
        (folder / name).write_text(rendered(make), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
