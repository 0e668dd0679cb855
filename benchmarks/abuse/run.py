"""Runs one abuse after the other, scrapes once a second meanwhile, and prints a table."""

import tempfile
import threading
import time
from collections.abc import Collection
from contextlib import ExitStack, suppress
from functools import partial
from itertools import product
from pathlib import Path

import requests
from msgspec import Struct

from benchmarks.abuse.checks import is_sound, stops_cleanly
from benchmarks.abuse.connections import idle, nothing, replaced, silent, slow_headers
from benchmarks.abuse.files import broken_files
from benchmarks.abuse.logins import new_login, waiting_logins
from benchmarks.abuse.server import GIVE_UP, Abuse, HarmError, Server, exporting, is_healthy
from benchmarks.abuse.traffic import (
    abandon_pages,
    abandon_scrapes,
    broken,
    large_post,
    never_read,
    never_read_whole,
    sighups,
    slow_reader,
    unusual,
)
from benchmarks.soak import reading
from exporter.server.limits import Limits, raise_descriptor_limit
from exporter.simulator import SimulatedApi, bulk_backups

BACKUPS, INSTANCES = 7_000, 1_400  # 20,000 samples
IDLE_SCRAPES = 20  # of one second each: fewer than the idle timeout


def abuses(connections: int) -> dict[str, Abuse]:
    """Return the abuses by name; the first and the last do nothing."""
    return {
        "nothing": nothing,
        f"{connections} slow headers": partial(slow_headers, connections),
        f"{connections} silent": partial(silent, connections),
        f"{connections} idle": partial(idle, connections),
        f"{4 * connections} silent, replaced": partial(replaced, 4 * connections),
        f"{4 * connections} silent, slow reader": partial(slow_reader, 4 * connections),
        "60 never read": never_read,
        "300 never read": never_read_whole,
        "abandoned pages": abandon_pages,
        "abandoned scrapes": abandon_scrapes,
        "SIGHUPs": sighups,
        "broken files": broken_files,
        "broken requests": broken,
        "100 MB posts": large_post,
        "unusual requests": unusual,
        f"{4 * connections} waiting logins": partial(waiting_logins, 4 * connections, 100),
        "700, a new login": new_login,
        "nothing again": nothing,
    }


class Endured(Struct):
    """The scrapes under one abuse, the fate of others, and the most that the exporter used.

    `kept` is whether an idle connection stayed open; `harm` is what else the abuse harmed, if anything.
    """

    good: int = 0
    tried: int = 0
    slowest: float = 0.0
    kept: bool = True
    harm: str | None = None
    memory_kb: int = 0
    threads: int = 0
    descriptors: int = 0

    @property
    def is_good(self) -> bool:
        """Whether every scrape succeeded, and nothing was harmed."""
        return self.kept and self.harm is None and self.good == self.tried


def endure(server: Server, abuse: Abuse, seconds: int, deadline: float) -> Endured:
    """Scrape once a second while the abuse runs; a scrape succeeds within `deadline` seconds.

    Beside it, a connection is idle but for a request every `IDLE_SCRAPES` scrapes: it must stay open.
    """
    endured, stop = Endured(), threading.Event()
    with ExitStack() as stack:
        idle_connection = stack.enter_context(server.open())
        is_healthy(idle_connection)
        thread = threading.Thread(target=_attack, args=(abuse, server, stop, stack, endured), daemon=True)
        thread.start()
        for number in range(1, seconds + 1):
            began = time.monotonic()
            endured.tried += 1
            with suppress(requests.RequestException):
                status = _scrape(server, began + deadline)
                took = time.monotonic() - began
                endured.good += status == requests.codes.ok and took <= deadline
                endured.slowest = max(endured.slowest, took)
            if number % IDLE_SCRAPES == 0 or number == seconds:
                endured.kept = endured.kept and is_healthy(idle_connection)
            _look(server, endured)
            time.sleep(max(0.0, began + 1 - time.monotonic()))
        stop.set()
        thread.join(GIVE_UP)
    return endured


def _attack(abuse: Abuse, server: Server, stop: threading.Event, stack: ExitStack, endured: Endured) -> None:
    try:
        abuse(server, stop, stack)
    except HarmError as error:
        endured.harm = str(error)


def _scrape(server: Server, end: float) -> int:
    """Scrape, again after each 503 as its `Retry-After` says, until `end`; return the last status."""
    while True:
        response = server.scrape()
        pause = float(response.headers.get("Retry-After", 0.1))
        if response.status_code != requests.codes.unavailable or time.monotonic() + pause > end:
            return response.status_code
        time.sleep(pause)


def _look(server: Server, endured: Endured) -> None:
    resources = reading(server.pid)
    endured.memory_kb = max(endured.memory_kb, resources["memory, kB"])
    endured.threads = max(endured.threads, resources["threads"])
    endured.descriptors = max(endured.descriptors, resources["descriptors"])


def run(seconds: int, deadline: float = 1.0, connections: int = 500, only: Collection[str] = ()) -> bool:
    """Print a table for each kind of server; return whether all scrapes and checks succeeded.

    :param seconds: how long each abuse lasts.
    :param deadline: seconds within which each scrape must succeed.
    :param connections: how many are slow, silent or idle at once.
    :param only: names of abuses; by default, all of them.
    """
    raise_descriptor_limit(Limits(connections=5 * connections))
    results = []
    for tls, users in product((False, True), repeat=2):
        with (
            SimulatedApi(backups=bulk_backups(BACKUPS, INSTANCES)) as api,
            tempfile.TemporaryDirectory() as folder,
            exporting(api, Path(folder), tls=tls, users=users) as server,
        ):
            samples = sum(not line.startswith("#") for line in server.scrape().text.splitlines())
            print(f"\n{'TLS' if tls else 'HTTP'}, {'a user' if users else 'no users'}, {samples:,} samples")
            chosen = {name: abuse for name, abuse in abuses(connections).items() if not only or name in only}
            results += [_table(server, chosen, seconds, deadline), is_sound(api, server, users=users)]
            results.append(stops_cleanly(server))
    return all(results)


def _table(server: Server, chosen: dict[str, Abuse], seconds: int, deadline: float) -> bool:
    print(
        f"{'abuse':<24}{'scrapes':>9}{'slowest':>10}{'idle':>7}{'threads':>9}{'memory':>10}{'descriptors':>13}"
    )
    all_good = True
    for name, abuse in chosen.items():
        endured = endure(server, abuse, seconds, deadline)
        all_good = all_good and endured.is_good
        print(
            f"{name:<24}{f'{endured.good}/{endured.tried}':>9}{endured.slowest:>8.2f} s"
            f"{'kept' if endured.kept else 'ended':>7}{endured.threads:>9}"
            f"{endured.memory_kb // 1024:>7} MB{endured.descriptors:>13}"
            + (f"  {endured.harm}" if endured.harm else ""),
            flush=True,
        )
    return all_good
