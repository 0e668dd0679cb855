"""Writes docs/performance.md: the figures, their curves and the machine."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.curves import draw

DOCS: Final = Path(__file__).parent.parent / "docs"
Row = tuple[str, str, str, str]
HEAD: Final[Row] = ("what", "measured", "ratio", "required")
PAGE: Final = """\
<!-- Written by `make bench`: change benchmarks/page.py instead. -->

# Performance

Measured on {machine}, side by side in one run. Other work on
the machine changes the seconds: compare the ratios. The embedded API runs in its own process.

- *The script* is benchmarks/script.py: requests, json, page by page, seven gauges by prometheus_client.
- *Cold* is the first walk, which has no page boundaries yet; *warm* are the walks after it.
- *The network floor* is `ceil(pages / max_concurrency)` times the latency.
- *The processor floor* fetches and decodes every page with the exporter's own client and does nothing else.
  By default glibc returns each page's buffers to the system, which costs such a small process much of its
  time; the next row is without that.
- A scrape is complete: OpenMetrics and gzip over HTTP, as Prometheus requests it. For processor time, all
  processes share one processor with the API, in nine rounds; each round takes the better of two tries, and
  a ratio is the median of the rounds' ratios.
- A scrape fetches every page, but does not decode again those that are the same as at the last scrape, nor
  assess databases whose backups are. Most lists here never change, which suits it best. Two change before
  each scrape: one with new backups of every database first and the oldest deleted, so that all are assessed;
  one on every page, so that every page is decoded too.
- A start is the best of thirty. The curves are the best of three scrapes; with a million backups, of one.

{table}
{rules}
## Walks by latency and requests in flight

{sections}"""
RULES_BEGIN: Final = "<!-- Written by `python -m benchmarks.rules --write`. -->\n"
RULES_END: Final = "<!-- End of that part. -->\n"
RULES: Final = """\
## Evaluation of the alert rules

One evaluation of each group by a real Prometheus, on {machine},
at a load average of {load:.1f}, its own included. {databases:,} databases, every second one of them stale;
replicas of the exporter: {replicas}. Recorded series have a sample for each evaluation as far back as a rule
reads them, up to 14 days: the last two hours in memory, the rest in a block. Each group is evaluated on its
own, every 30 seconds so that the measurement ends. The median and the longest of the evaluations after the
first, by `prometheus_rule_group_last_duration_seconds`.

| group | every | median | longest | required |
| --- | --- | --- | --- | --- |
{rows}"""


class Measured(NamedTuple):
    """Seconds of a warm walk at one latency and concurrency, of the network's floor and of the script."""

    latency: float
    most: int
    warm: float
    floor: float
    script: float


def write_page(rows: Sequence[Row], sections: Sequence[str]) -> None:
    """Write docs/performance.md."""
    path = DOCS / "performance.md"
    page = PAGE.format(
        machine=_machine(),
        table=_table(rows),
        rules=_rules_part(path.read_text(encoding="utf-8")),
        sections="\n".join(sections),
    )
    path.write_text(page, encoding="utf-8")


def write_rules(databases: int, replicas: int, rows: str) -> None:
    """Replace the part of docs/performance.md on the evaluation of the alert rules."""
    path = DOCS / "performance.md"
    page = path.read_text(encoding="utf-8")
    part = RULES.format(
        machine=_machine(), load=os.getloadavg()[0], databases=databases, replicas=replicas, rows=rows
    )
    path.write_text(page.replace(_rules_part(page), f"{RULES_BEGIN}{part}{RULES_END}", 1), encoding="utf-8")


def _rules_part(page: str) -> str:
    """Return that part of a page, with its marks."""
    return f"{RULES_BEGIN}{page.partition(RULES_BEGIN)[2].partition(RULES_END)[0]}{RULES_END}"


def section(backups: int, measured: Sequence[Measured]) -> str:
    """Draw the curves of one list size; return that part of the page."""
    curves = {}
    for latency in sorted({row.latency for row in measured}):
        chosen = [row for row in measured if row.latency == latency]
        name = f"{latency * 1000:g} ms"
        curves[name] = [(row.most, row.warm) for row in chosen]
        if latency:
            curves[f"{name}, floor"] = [(row.most, row.floor) for row in chosen]
    image = f"images/walk-{backups}.svg"
    (DOCS / image).write_text(draw(curves, across="requests in flight", up="seconds"), encoding="utf-8")
    head = "| latency | in flight | warm scrape | network floor | the script | script / warm |\n"
    title = f"### {backups:,} backups, pages of 1,000\n\n![Seconds by requests in flight]({image})\n\n"
    return title + head + "| --- " * 6 + "|\n" + "".join(map(_line, measured))


def _line(row: Measured) -> str:
    times = (f"{seconds:.2f} s" for seconds in (row.warm, row.floor, row.script))
    ratio = f"{row.script / row.warm:.1f}"
    return "| " + " | ".join([f"{row.latency * 1000:g} ms", str(row.most), *times, ratio]) + " |\n"


def _table(rows: Sequence[Row]) -> str:
    lines = ["| " + " | ".join(row) + " |\n" for row in (HEAD, *rows)]
    return "".join([lines[0], "| --- | --- | --- | --- |\n", *lines[1:]])


def _machine() -> str:
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} processors ({platform.machine()}), {gib:.0f} GiB of memory, {platform.system()},"
        f" Python {platform.python_version()}"
    )
