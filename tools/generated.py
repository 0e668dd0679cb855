"""Writes what is made from the code: `python -m tools.generated`, or `make docs`."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric, generate_latest

from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.errors import Reason
from exporter.metrics.collector import TargetCollector
from exporter.metrics.families import KEPT, SECTIONS, Section
from exporter.metrics.own import Instruments, ReloadCollector, WebReloadCollector, own_collectors
from tests.support.answers import WELL, FixedClock

HOME = Path(__file__).parent.parent
HEAD = """\
<!-- Written by `make docs` from exporter/metrics/families.py and exporter/metrics/own.py: change those instead. -->

# Metrics

Every metric is a gauge where nothing else is said. What is not known has no sample: there is no 0 and no -1
that means "unknown". Labels that the API leaves null or absent are `unknown`.

With one target everything is on `/metrics`; with several, `/metrics` is the exporter itself, and the rest is
on `/probe?target=NAME`.

† May come from the last complete walk, where the newest one failed, was not yet over or was put off:
`bycloud_last_success_timestamp_seconds` says when that was.
"""
TAIL = """
Besides, `/metrics` has prometheus_client's `process_*` and `python_*` of the exporter's own process.
"""


def metrics_page() -> str:
    """Return docs/metrics.md."""
    tables = [_table(section.title, _gauges(section)) for section in SECTIONS]
    return HEAD + "".join(tables) + _table("The exporter itself, on `/metrics` only", _own()) + TAIL


def golden_exposition() -> str:
    """Return tests/golden/metrics.txt: all that is served of a target in one fixed state."""
    registry = CollectorRegistry()
    registry.register(TargetCollector(lambda: WELL, clock=FixedClock()))
    return generate_latest(registry).decode()


FILES = {"docs/metrics.md": metrics_page, "tests/golden/metrics.txt": golden_exposition}


def _table(title: str, rows: Iterable[str]) -> str:
    head = f"\n## {title}\n\n| metric | labels | meaning |\n| --- | --- | --- |\n"
    return head + "".join(rows)


def _gauges(section: Section) -> Iterator[str]:
    for gauge in section.gauges:
        yield _row(gauge.name, section.labels, gauge.help.replace(KEPT, "†"))


def _own() -> Iterator[str]:
    instruments, budget = Instruments(), Budget(clock=Clock())
    instruments.observer("").requested("200", 0.1)
    instruments.observer("").retried(Reason.CONNECTION)
    budget.observe(200, {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "60"})
    budget.spend()
    reloads = (ReloadCollector(0), WebReloadCollector(0))
    collectors = own_collectors(instruments, lambda: {"": budget}, *reloads)
    for family in chain.from_iterable(collector.collect() for collector in collectors):
        if family.name.startswith("bycloud_"):
            yield _row(_full_name(family), _labels(family), family.documentation, family.type)


def _full_name(family: Metric) -> str:
    return family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")


def _labels(family: Metric) -> Iterable[str]:
    return [label for label in family.samples[0].labels if label != "le"]


def _row(name: str, labels: Iterable[str], text: str, kind: str = "gauge") -> str:
    what = "" if kind in {"gauge", "info"} else f"{kind.title()}. "
    return f"| `{name}` | {', '.join(f'`{label}`' for label in labels)} | {what}{text} |\n"


def main() -> None:
    """Write every file."""
    for name, content in FILES.items():
        path = HOME / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content(), encoding="utf-8")


if __name__ == "__main__":
    main()
