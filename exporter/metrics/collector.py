"""A target as prometheus_client sees it: a collector that scrapes when it is collected."""

from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, write_to_textfile
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from exporter.clock import Clock
from exporter.metrics.families import described, families
from exporter.results import ScrapeResult


class TargetCollector(Collector):
    """Makes new families at every scrape; made for one request, since `scrape` knows its deadline."""

    def __init__(
        self, scrape: Callable[[], ScrapeResult], *, ages: bool = True, clock: Clock | None = None
    ) -> None:
        self._scrape = scrape
        self._ages = ages
        self._clock = clock or Clock()

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the families without a scrape, so that `name[]` walks only for what it asks for."""
        return described()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Scrape, and make the families of the answer."""
        answer = self._scrape()
        return families(answer, self._clock.now(), ages=self._ages)


def render_text(answer: ScrapeResult) -> str:
    """Render one answer in Prometheus's text format."""
    return generate_latest(_registry(TargetCollector(lambda: answer))).decode()


def write_text(answer: ScrapeResult, path: Path) -> None:
    """Replace a file of node_exporter's textfile collector at once; without ages, which would freeze there.

    Raises `OSError`; the file is then as it was.
    """
    write_to_textfile(str(path), _registry(TargetCollector(lambda: answer, ages=False)))


def _registry(collector: TargetCollector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry
