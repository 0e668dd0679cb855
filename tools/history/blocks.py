"""A history as Prometheus's data: the scrapes, then what the recording rules say about them."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from exporter.simulator import Fleet
from tests.support.programs import need
from tools.history.outages import DAY, outages
from tools.history.replay import Replay
from tools.history.rules import all_rules, layers
from tools.history.serving import Folder
from tools.history.writing import write

CREATE: Final = ("tsdb", "create-blocks-from", "--max-block-duration=1458h")
"""Few and large blocks: promtool reads the whole file again for each."""


class Period(Struct, frozen=True):
    """The time of a history.

    :param end: Unix seconds.
    :param days: how long it is.
    :param step: seconds between scrapes.
    """

    end: float
    days: float
    step: float

    @property
    def start(self) -> float:
        """When it starts, in Unix seconds."""
        return self.end - self.days * DAY // self.step * self.step


def load_scrapes(fleet: Fleet, period: Period, folder: Folder, *, ongoing_outage: bool = False) -> None:
    """Write what the exporter served into a folder.

    :param ongoing_outage: whether the API does not respond at the end.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    replay = Replay(fleet, period.start, outages(period.end, ongoing=ongoing_outage))
    text = folder.path / "history.om"
    with text.open("w", encoding="utf-8") as out:
        write(replay.scrapes(period.end, period.step), out)
    subprocess.run([need("promtool"), *CREATE, "openmetrics", "--quiet", text, folder.data], check=True)
    text.unlink()


def load_rules(period: Period, folder: Folder) -> None:
    """Add what the recording rules and alerts say about the scrapes in a folder."""
    for layer in layers(all_rules(period.step), period.days):
        _record(layer, period, folder)


def _record(layer: Mapping[str, Any], period: Period, folder: Folder) -> None:
    """Evaluate a layer of rules. Prometheus reads new blocks when it starts."""
    file = folder.path / "rules.json"
    file.write_text(json.dumps(layer), encoding="utf-8")
    times = [f"--start={period.start:.0f}", f"--end={period.end:.0f}"]
    with folder.running() as prometheus:
        where = [f"--url={prometheus.url}", f"--output-dir={folder.data}"]
        command = [need("promtool"), *CREATE, "rules", "--quiet", *times, *where, str(file)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"promtool cannot evaluate the rules: {done.stderr}")
    file.unlink()
