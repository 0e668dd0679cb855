"""A real headless Chromium, which tests look at pages with."""

import os
import re
import subprocess
from html import unescape
from pathlib import Path

from tests.support.programs import need

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)
DARK = "--blink-settings=preferredColorScheme=0"
LIGHT = "--blink-settings=preferredColorScheme=1"


class Browser:
    """Chromium with a new profile below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._program = need("chromium")
        self._folder = folder

    def text(self, url: str, *, dark: bool = False) -> str:
        """Return the text of a page's body once it has loaded."""
        page = self._run("--dump-dom", DARK if dark else LIGHT, url)
        body = re.search(r"<body>(.*)</body>", page, re.DOTALL)
        return unescape(body[1]) if body else ""

    def picture(self, url: str, file: Path, width: int, height: int, *, dark: bool = False) -> None:
        """Write a picture of a page, as PNG."""
        self._run(f"--screenshot={file}", f"--window-size={width},{height}", DARK if dark else LIGHT, url)

    def _run(self, *arguments: str) -> str:
        command = [self._program, *QUIET, f"--user-data-dir={self._folder / 'profile'}", *arguments]
        home = {"HOME": str(self._folder), "PATH": os.environ["PATH"]}
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100, env=home)
        return done.stdout
