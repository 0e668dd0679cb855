"""A pytest plugin (`-p tests.support.bystanders`): idle threads named like the exporter's own.

A test that counts threads by their names, and not those that it started, fails because of them.
"""

import re
import threading
from pathlib import Path
from typing import Final

EACH: Final = 3
NAMES: Final = sorted(
    {
        name
        for file in (Path(__file__).parents[2] / "exporter").rglob("*.py")
        for name in re.findall(r'name="([a-z-]+)", daemon=True', file.read_text(encoding="utf-8"))
    }
)


def pytest_configure() -> None:
    """Start the threads, which end with the process."""
    assert NAMES, "no thread of the exporter has a name"
    never = threading.Event()
    for name in NAMES * EACH:
        threading.Thread(target=never.wait, name=name, daemon=True).start()
