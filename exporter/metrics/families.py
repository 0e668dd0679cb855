"""The metric families of one scrape's result, from the metrics table."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily

from exporter.metrics.section import Gauge, LiveGauge, Section
from exporter.metrics.table import SECTIONS
from exporter.results import ScrapeResult


def families(result: ScrapeResult, now: float, *, live: bool = True) -> Iterator[GaugeMetricFamily]:
    """Yield a metric family for each metric that has samples.

    :param now: when the result is served, in Unix seconds.
    :param live: whether to include values that depend on `now`, such as ages, which freeze in a file.
    """
    for section in SECTIONS:
        yield from _section_families(section, result, now, live=live)


def described() -> Iterator[GaugeMetricFamily]:
    """Yield every metric family without samples; needs no scrape."""
    for section in SECTIONS:
        for gauge in section.gauges:
            yield _family(section, gauge)


def _section_families(
    section: Section[Any], result: ScrapeResult, now: float, *, live: bool
) -> Iterator[GaugeMetricFamily]:
    names = section.label_names(result)
    rows = [  # all metrics of a section share one dict of labels for each row, which `fast_encoder` relies on
        (dict(zip(names, labels, strict=True)), row) for labels, row in section.rows(result)
    ]
    for gauge in section.gauges:
        if gauge.is_live and not live:
            continue
        family, value_of = _family(section, gauge), gauge.value_at(now)
        for labels, row in rows:
            value = value_of(row)
            if value is not None:
                family.add_sample(gauge.name, labels, value)
        if family.samples:
            yield family


def _family(section: Section[Any], gauge: Gauge[Any] | LiveGauge[Any]) -> GaugeMetricFamily:
    return GaugeMetricFamily(gauge.name, section.documentation(gauge), labels=section.labels)
