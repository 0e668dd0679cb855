"""The command `demo` as a process: the exporter and the embedded API."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import requests
from msgspec import Struct

API_HEADERS: Final = {"X-Api-Key": "demo:demo-secret"}


class Demo(Struct):
    """A demo that runs: the exporter's address and the embedded API's."""

    exporter: str
    api: str

    def backups(self) -> list[dict[str, Any]]:
        """Return everything that the embedded API holds."""
        response = requests.get(
            f"{self.api}/v1/database-backups", params={"limit": 100_000}, headers=API_HEADERS, timeout=60
        )
        listed: list[dict[str, Any]] = response.json()["database_backups"]
        return listed


@contextmanager
def running_demo() -> Iterator[Demo]:
    """Run `bycloud-backup-exporter demo` on a free port."""
    command = [sys.executable, "-m", "exporter", "demo", "--web.listen-address=127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        addresses: dict[str, str] = {}
        try:
            for line in process.stdout:
                if match := re.match(r"(exporter|embedded API) +(http://[0-9.:]+)", line):
                    addresses[match[1]] = match[2]
                if len(addresses) == 2:
                    break
            yield Demo(addresses["exporter"], addresses["embedded API"])
        finally:
            process.terminate()
            process.stdout.read()
