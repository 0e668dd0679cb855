"""The collector of one scrape's result, and its text."""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, write_to_textfile
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from exporter.clock import Clock
from exporter.metrics.families import described, families
from exporter.results import ScrapeResult


class TargetCollector(Collector):
    """Collects the metric families of one scrape's result. Make a new one for each scrape.

    :param ages: whether to include ages, which freeze in a file.
    :param clock: supplies the time at which ages are computed.
    """

    def __init__(self, result: ScrapeResult, *, ages: bool = True, clock: Clock | None = None) -> None:
        self._result = result
        self._ages = ages
        self._clock = clock or Clock()

    def __repr__(self) -> str:
        return f"TargetCollector(up={self._result.up}, ages={self._ages})"

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return the families without their samples, so that registering costs nothing."""
        return described()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the families. Ages are those of this moment."""
        return families(self._result, self._clock.now(), ages=self._ages)


def render_text(result: ScrapeResult) -> str:
    """Return a result in Prometheus's text format."""
    return generate_latest(_registry(TargetCollector(result))).decode()


def write_text(result: ScrapeResult, path: Path) -> None:
    """Write a file for node_exporter's textfile collector, atomically and without ages.

    :param path: the file, usually `*.prom`.
    :raises OSError: if it cannot be written; it is unchanged then.
    """
    write_to_textfile(str(path), _registry(TargetCollector(result, ages=False)))


def _registry(collector: TargetCollector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry
