"""The names of metrics and labels that Prometheus gets from the exporter, for what asks for them."""

import re
from itertools import chain
from typing import Final

from exporter.metrics.families import SECTIONS
from exporter.metrics.own import OwnMetrics, ReloadCollector, WebReloadCollector, own_collectors

METRIC: Final = re.compile(r"\b(?:bycloud|process|python)_[a-z0-9_]+\b")
RECORDED: Final[frozenset[str]] = frozenset()
"""What the rules record: nothing."""
ALERT_LABELS: Final = frozenset({"job", "instance", "target", "alertname", "alertstate"})
"""Labels that Prometheus itself gives."""
_SUFFIXES: Final = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "info": ("_info",),
}


def served_names() -> frozenset[str]:
    """Name every time series of the exporter, histograms' and counters' suffixes included."""
    names = {gauge.name for section in SECTIONS for gauge in section.gauges}
    for collector in own_collectors(
        OwnMetrics(), dict, ReloadCollector(0), WebReloadCollector(lambda: (True, 0))
    ):
        for family in getattr(collector, "describe", collector.collect)():
            names |= {family.name + suffix for suffix in _SUFFIXES.get(family.type, ("",))}
    return frozenset(names)


def served_labels() -> frozenset[str]:
    """Name every label of a target's gauges and of the exporter's own metrics."""
    return frozenset(chain.from_iterable(section.labels for section in SECTIONS)) | {
        "target",
        "code",
        "le",
        "window",
    }
