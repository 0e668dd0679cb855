"""Soak test: many scrapers for minutes, on an API that fails in every way.

    python -m benchmarks.soak [--minutes 10] [--scrapers 50]

Prints requests, 429s, failures, the worst scrape, and the process's memory, threads and descriptors at the
start and at the end. Exits with 1 if a scrape was late, got no response, or served a partial walk.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import requests

from exporter.simulator import bulk_backups
from tests.support.faults import (
    CannedReply,
    CutBody,
    Delay,
    DripBody,
    DripHeaders,
    ErrorBody,
    Fault,
    FaultyApi,
    HangBeforeHeaders,
    HangInBody,
    Raw,
    Reset,
    WrongLength,
)

BACKUPS = 3_000
TIMEOUT = 5.0  # what scrapers say they wait, in seconds
FAULTS: tuple[Fault, ...] = (
    ErrorBody(401),
    ErrorBody(403),
    ErrorBody(500),
    CannedReply(503, {}, b"<h1>sorry</h1>"),
    CannedReply(429, {"Retry-After": "2"}),
    CannedReply(429),
    CannedReply(302, {"Location": "http://127.0.0.1:9/"}),
    CannedReply(200, {}, b"{"),
    CutBody(300),
    WrongLength(100),
    Reset(300),
    Raw(b"garbage"),
    Delay(0.5),
    HangBeforeHeaders(),
    HangInBody(300),
    DripHeaders(0.2),
    DripBody(0.2),
)


class Tally:
    """What the scrapers saw."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.worst = 0.0
        self.wrong: list[str] = []

    def note(self, seconds: float, text: str) -> None:
        """Record one response."""
        match = re.search(r"^bycloud_scrape_backups (\S+)", text, re.MULTILINE)
        with self.lock:
            self.worst = max(self.worst, seconds)
            self.counts["scrapes"] += 1
            self.counts["up" if "\nbycloud_up 1.0" in text else "not up"] += 1
            self.counts["with a snapshot" if match else "without a snapshot"] += 1
            if match and float(match[1]) != BACKUPS:
                self.wrong.append(f"a partial walk: {match[0]}")
            if seconds > TIMEOUT:
                self.wrong.append(f"a late scrape: {seconds:.2f} s")


def scrape(url: str, tally: Tally, stop: threading.Event, seed: int) -> None:
    """Scrape repeatedly, at no fixed pace."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    while not stop.wait(chance.uniform(0.5, 4.0)):
        started = time.monotonic()
        try:
            response = requests.get(
                url, timeout=TIMEOUT + 5, headers={"X-Prometheus-Scrape-Timeout-Seconds": str(TIMEOUT)}
            )
            response.raise_for_status()
        except requests.RequestException as error:
            with tally.lock:
                tally.wrong.append(f"no response: {error}")
        else:
            tally.note(time.monotonic() - started, response.text)


def torment(api: FaultyApi, stop: threading.Event) -> None:
    """Inject one fault after another, with healthy periods in between."""
    chance = random.Random(1)  # noqa: S311 - no secret
    while not stop.wait(chance.uniform(0.5, 5.0)):
        api.faults.clear()
        if chance.random() < 0.7:  # noqa: PLR2004 - faults for two thirds of the time
            api.faults.add(chance.choice(FAULTS), times=chance.choice((1, 2, 5, 20)))


def reading(pid: int) -> dict[str, int]:
    """Return the process's memory in kB, its threads and its open descriptors."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    memory, threads = (int(re.findall(rf"{key}:\s+(\d+)", status)[0]) for key in ("VmRSS", "Threads"))
    return {
        "memory, kB": memory,
        "threads": threads,
        "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
    }


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--scrapers", type=int, default=50)
    options = parser.parse_args()
    with FaultyApi(backups=bulk_backups(BACKUPS, 30), request_log=False) as api:
        return soak(api, options.minutes, options.scrapers)


def soak(api: FaultyApi, minutes: float, scrapers: int) -> int:
    """Run the exporter on the faulty API with its scrapers, then print the result."""
    environment = os.environ | {"BYCLOUD_API_KEY": "demo:demo-secret", "BYCLOUD_API_URL": api.url}
    command = [sys.executable, "-m", "exporter", "--web.listen-address=127.0.0.1:0", "--web.max-requests=100"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        port = int(re.findall(r" port=(\d+)", process.stderr.readline())[0])
        logged: Counter[str] = Counter()
        threading.Thread(target=lambda: logged.update(map(_event, process.stderr or ())), daemon=True).start()
        tally, stop, url = Tally(), threading.Event(), f"http://127.0.0.1:{port}/metrics"
        work = [
            threading.Thread(target=scrape, args=(url, tally, stop, seed), daemon=True)
            for seed in range(scrapers)
        ]
        work.append(threading.Thread(target=torment, args=(api, stop), daemon=True))
        for thread in work:
            thread.start()
        time.sleep(min(20.0, minutes * 20))
        start = reading(process.pid)
        time.sleep(minutes * 60 - min(20.0, minutes * 20))
        stop.set()
        for thread in work:
            thread.join(timeout=20)
        api.faults.clear()
        last = requests.get(url, timeout=20).text
        end = reading(process.pid)
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=10)
    report(tally, logged, last, start, end)
    print(f"exit status         {status}")
    return int(bool(tally.wrong or status))


def report(tally: Tally, logged: Counter[str], last: str, start: dict[str, int], end: dict[str, int]) -> None:
    """Print the table."""
    codes = re.findall(r'^bycloud_api_requests_total\{code="(\w+)",[^}]*\} (\S+)', last, re.MULTILINE)
    print(f"API requests        {sum(float(count) for _, count in codes):,.0f}")
    for code, count in sorted(codes):
        print(f"  {code:<18}{float(count):,.0f}")
    for name, count in sorted(tally.counts.items()):
        print(f"{name:<20}{count:,}")
    print(f"worst scrape        {tally.worst:.2f} s of {TIMEOUT:g} s")
    for name, before in start.items():
        print(f"{name:<20}{before:,} -> {end[name]:,}")
    for event, count in sorted(logged.items()):
        print(f"log: {event:<15}{count:,}")
    for wrong in tally.wrong[:10]:
        print(f"WRONG: {wrong}")


def _event(line: str) -> str:
    match = re.search(r'event=("[^"]*"|\S+)', line)
    return match[1].strip('"') if match else line


if __name__ == "__main__":
    sys.exit(main())
