"""Compares the cost of a scrape with a simple script and with the lower bounds.

    python -m benchmarks.bench [--quick] [--scrapes 100]

Prints a table and writes docs/performance.md with its curves. Times depend on the machine and its load, so
compare the ratios: all of them are measured side by side in one run.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from math import ceil
from statistics import median
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from benchmarks.page import Measured, Row, section, write_page
from benchmarks.processes import (
    KEEPS_MEMORY,
    Cost,
    ExporterProcess,
    changing_api,
    embedded_api,
    on_one_processor,
    run_script,
    running_exporter,
)
from benchmarks.script import encode
from benchmarks.startup import startup_rows
from exporter.metrics.exposition import fast_encoder
from exporter.metrics.families import families
from exporter.results import GroupKey, GroupSummary, ScrapeResult, Snapshot, Summary, WalkStats

PORT: Final = 10149
RUNS: Final = 3
ROUNDS: Final = 9
TRIES: Final = 2  # of each in a round; the least counts
CONCURRENCIES: Final = (1, 4, 8, 16)
LATENCIES: Final = (0.0, 0.02, 0.1)
SIZES: Final = (10_000, 100_000, 1_000_000)
CHANGES: Final = {"ends": "new ones for the oldest", "anywhere": "some on each page"}
"""How a list changes between two scrapes: see `changing_api`."""


def best(scrape: Callable[[], Cost], runs: int = RUNS) -> Cost:
    """Return the minimum of several runs, separately for wall time and processor time."""
    costs = [scrape() for _ in range(runs)]
    return Cost(min(cost.wall for cost in costs), min(cost.processor for cost in costs))


def walk_rows() -> Iterator[Row]:
    """Compare cold and warm walks of 100 pages with the script and the network's floor."""
    pages, latency, most = 100, 0.04, 8
    floor = ceil(pages / most) * latency
    with embedded_api(10_000, 100, latency) as url:
        script = run_script("script", (url, 100, RUNS))
        cold = best(lambda: _cold(url), RUNS)
        with running_exporter(url, PORT, page_size=100, max_concurrency=most) as exporter:
            exporter.scrape()
            before = exporter.requests()
            warm = best(exporter.scrape, 3 * RUNS)
            requests = (exporter.requests() - before) / (3 * RUNS)
    what = "100 pages, 40 ms, 8 in flight"
    yield f"{what}: the script", f"{script.wall:.2f} s", "", ""
    yield f"{what}: cold / script", f"{cold.wall:.2f} s", f"{cold.wall / script.wall:.2f}", "≤ 1.05"
    yield f"{what}: warm / network floor", f"{warm.wall:.2f} s", f"{warm.wall / floor:.2f}", "≤ 1.2"
    yield f"{what}: script / warm", f"{warm.wall:.2f} s", f"{script.wall / warm.wall:.1f}", "≥ 6"
    yield "requests for an unchanged list of 100 pages", f"{requests:g}", f"{requests / pages:.2f}", "1"


def _cold(url: str) -> Cost:
    with running_exporter(url, PORT, page_size=100, max_concurrency=8) as exporter:
        return exporter.scrape()


def processor_rows() -> Iterator[Row]:
    """Compare a scrape's processor time with fetch and decode alone, and with the script.

    All take turns on the API's processor; a ratio is the median of the rounds' ratios.
    """
    rounds = []
    with (
        on_one_processor(),
        embedded_api(200_000, 1_000) as url,
        running_exporter(url, PORT, page_size=1000) as exporter,
    ):
        exporter.scrape()
        for _ in range(ROUNDS):
            floor, script = (run_script(name, (url, 1000, TRIES)) for name in ("floor", "script"))
            kept = run_script("floor", (url, 1000, TRIES), KEEPS_MEMORY)
            rounds.append((floor, kept, script, best(exporter.scrape, TRIES)))
    what = "200,000 backups in 1,000 instances"
    floors, kepts, scripts, scrapes = zip(*rounds, strict=True)
    yield f"{what}: fetch and decode alone", _both(_median(floors)), "", ""
    yield f"{what}: the same where freed buffers are kept", _both(_median(kepts)), "", ""
    yield f"{what}: the script", _both(_median(scripts)), "", ""
    yield f"{what}: a scrape", _both(_median(scrapes)), "", ""
    yield f"{what}: scrape / floor, processor", "", _ratio(scrapes, floors), "≤ 1.5"
    yield f"{what}: scrape / floor that keeps buffers, processor", "", _ratio(scrapes, kepts), ""
    yield f"{what}: scrape / script, processor", "", _ratio(scrapes, scripts), "≤ 0.55"


def changed_rows() -> Iterator[Row]:
    """Compare a scrape with fetch and decode alone where one backup in a hundred changes in between."""
    for where, description in CHANGES.items():
        with (
            on_one_processor(),
            changing_api(200_000, where) as (url, change),
            running_exporter(url, PORT, page_size=1000) as exporter,
        ):
            exporter.scrape()
            floors = [run_script("floor", (url, 1000, TRIES)) for _ in range(RUNS)]
            scrapes = [best(partial(_scrape_after, change, exporter), TRIES) for _ in range(RUNS)]
        what = f"200,000 backups of which 1 % changed, {description}"
        yield f"{what}: a scrape", _both(_median(scrapes)), "", ""
        yield f"{what}: scrape / floor, processor", "", _ratio(scrapes, floors), ""


def _scrape_after(change: Callable[[], None], exporter: ExporterProcess) -> Cost:
    change()
    return exporter.scrape()


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(median(cost.wall for cost in costs), median(cost.processor for cost in costs))


def _ratio(mine: Sequence[Cost], theirs: Sequence[Cost]) -> str:
    ratios = (one.processor / other.processor for one, other in zip(mine, theirs, strict=True))
    return f"{median(ratios):.2f}"


def _both(cost: Cost) -> str:
    return f"{cost.wall:.2f} s, {cost.processor:.2f} s of processor"


class _Groups(Collector):
    """The metric families of many groups."""

    def __init__(self) -> None:
        keys = (GroupKey("COMPLETED", "postgresql", f"00000000-0000-0000-0000-{n:012}") for n in range(2_000))
        groups = tuple(
            GroupSummary(key, 3, 1e9 / 7, 1.7e9 + n, 1.6e9 + n, 1e8 / 3, 61.5) for n, key in enumerate(keys)
        )
        snapshot = Snapshot(
            summary=Summary(groups, 6_000, (), 1e9),
            duplicates=0,
            malformed=0,
            reported=6_000,
            completed_at=1.0,
        )
        stats = WalkStats(1.0, 6, 6)
        self.result = ScrapeResult(
            up=True, failure=None, deferred=False, snapshot=snapshot, last_success=1.0, last_walk=stats
        )
        self.families = list(families(self.result, 1.8e9))

    def collect(self) -> Sequence[object]:  # type: ignore[override] # prometheus_client's own is looser
        """Return the same families at every call."""
        return self.families


def exposition_rows() -> Iterator[Row]:
    """Compare the faster encoder with prometheus_client's."""
    registry, groups = CollectorRegistry(), _Groups()
    registry.register(groups)
    samples = sum(len(family.samples) for family in groups.families)
    theirs = _seconds(lambda: encode(registry)) / samples * 1e6
    ours = _seconds(lambda: fast_encoder(encode, "")(registry)) / samples * 1e6
    yield "OpenMetrics, prometheus_client's encoder", f"{theirs:.2f} µs a sample", "", ""
    yield (
        "OpenMetrics, exporter.metrics.exposition: the same bytes",
        f"{ours:.2f} µs a sample",
        f"{ours / theirs:.2f}",
        "",
    )


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(2 * RUNS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def growth_rows(scrapes: int) -> Iterator[Row]:
    """Compare a scrape of a million backups with ten of a hundred thousand, in turns; then its memory."""
    small, large = [], []
    with (
        on_one_processor(),
        embedded_api(100_000, 1_000) as small_url,
        embedded_api(1_000_000, 1_000) as large_url,
        running_exporter(small_url, PORT, page_size=1000) as tenth,
        running_exporter(large_url, PORT + 1, page_size=1000) as whole,
    ):
        tenth.scrape()
        whole.scrape()
        for _ in range(ROUNDS):
            small.append(sum(tenth.scrape().processor for _ in range(10)))
            large.append(whole.scrape())
        early = whole.memory_mib()
        for _ in range(scrapes - ROUNDS):
            whole.scrape()
        peak, growth = whole.peak_mib(), whole.memory_mib() / early
    ratio = min(cost.processor for cost in large) / min(small)
    yield "1,000,000 backups: a scrape", _both(_median(large)), "", ""
    yield "1,000,000 backups / ten times 100,000, processor", "", f"{ratio:.2f}", "0.9 to 1.1"
    yield "1,000,000 backups: peak memory", f"{peak:.0f} MiB", "", "≤ 600 MiB"
    yield f"1,000,000 backups: memory after {scrapes} scrapes / after {ROUNDS}", "", f"{growth:.2f}", "1"


def matrix(backups: int) -> Iterator[Measured]:
    """Measure warm walks of every latency and concurrency."""
    pages = backups // 1_000
    for latency in LATENCIES:
        with embedded_api(backups, 1_000, latency) as url:
            script = run_script("script", (url, 1000)).wall
            for most in CONCURRENCIES:
                with running_exporter(url, PORT, page_size=1000, max_concurrency=most) as exporter:
                    exporter.scrape()
                    warm = best(exporter.scrape, 1 if backups == max(SIZES) else RUNS).wall
                yield Measured(latency, most, warm, ceil(pages / most) * latency, script)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="skip the million backups and the curves")
    parser.add_argument(
        "--scrapes", type=int, default=100, help="scrapes of a million backups (default: 100)"
    )
    parser.add_argument(
        "--curves", type=int, default=max(SIZES), help="largest list of the curves (default: all)"
    )
    options = parser.parse_args()
    tables = [startup_rows(), walk_rows(), processor_rows(), changed_rows(), exposition_rows()]
    if not options.quick:
        tables.append(growth_rows(options.scrapes))
    rows = []
    for row in chain.from_iterable(tables):
        print("  ".join(filter(None, row)), flush=True)
        rows.append(row)
    if not options.quick:
        sections = [section(size, list(matrix(size))) for size in SIZES if size <= options.curves]
        print(*sections)
        write_page(rows, sections)


if __name__ == "__main__":
    main()
