"""Samples as OpenMetrics."""

from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from tools.history.replay import Scrape

LABELS: Final = 'job="bycloud-backups",instance="localhost:10140"'


def write(scrapes: Iterable[Scrape], out: TextIO) -> None:
    """Write every scrape with its time."""
    for scrape in scrapes:
        out.writelines(_lines(scrape))
    out.write("# EOF\n")


def _lines(scrape: Scrape) -> Iterator[str]:
    moment = f"{scrape.moment:.3f}"
    yield f"up{{{LABELS}}} 1.0 {moment}\n"
    for family in scrape.metrics:
        for sample in family.samples:
            labels = "".join([f',{name}="{value}"' for name, value in sample.labels.items()])
            yield f"{sample.name}{{{LABELS}{labels}}} {float(sample.value)!r} {moment}\n"
