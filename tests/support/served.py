"""The names of all metrics and labels that the exporter serves."""

import re
from itertools import chain
from typing import Final

from exporter.metrics.credentials import CredentialCollector
from exporter.metrics.own import OwnMetrics, ReloadCollector, WebReloadCollector, own_collectors
from exporter.metrics.table import SECTIONS

METRIC: Final = re.compile(r"\b(?:bycloud|process|python)_[a-z0-9_]+\b")
ALERT_LABELS: Final = frozenset({"job", "instance", "target", "alertname", "alertstate"})
"""Labels that Prometheus adds."""
_SUFFIXES: Final = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "info": ("_info",),
}


def served_names() -> frozenset[str]:
    """Return the name of every time series, with the suffixes of histograms and counters."""
    names = {gauge.name for section in SECTIONS for gauge in section.gauges}
    for collector in own_collectors(
        OwnMetrics(),
        dict,
        CredentialCollector(dict),
        ReloadCollector(0),
        WebReloadCollector(lambda: (True, 0)),
    ):
        for family in getattr(collector, "describe", collector.collect)():
            names |= {family.name + suffix for suffix in _SUFFIXES.get(family.type, ("",))}
    return frozenset(names)


def served_labels() -> frozenset[str]:
    """Return every label of a target's gauges and of the exporter's own metrics."""
    return frozenset(chain.from_iterable(section.labels for section in SECTIONS)) | {
        "target",
        "code",
        "le",
        "window",
    }
