"""The collector of one scrape's result, and its text."""

import errno
import os
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

    :param live: whether to include values that depend on the time, such as ages, which freeze in a file.
    :param clock: supplies the time at which they are computed.
    """

    def __init__(self, result: ScrapeResult, *, live: bool = True, clock: Clock | None = None) -> None:
        self._result = result
        self._live = live
        self._clock = clock or Clock()

    def __repr__(self) -> str:
        return f"TargetCollector(up={self._result.up}, live={self._live})"

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return the families without their samples, so that registering costs nothing."""
        return described()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the families, with the ages of this moment."""
        return families(self._result, self._clock.now(), live=self._live)


def render_text(result: ScrapeResult) -> str:
    """Return a result in Prometheus's text format."""
    return generate_latest(_registry(TargetCollector(result))).decode()


def write_text(result: ScrapeResult, path: Path) -> None:
    """Write a file for node_exporter's textfile collector, atomically and without ages and other live values.

    :param path: the file, usually `*.prom`, or a link to it.
    :raises OSError: if it cannot be written, or is a device or a FIFO; it is unchanged then.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):  # else a file would replace it
        raise OSError(errno.EINVAL, "not a regular file")
    write_to_textfile(os.path.realpath(path), _registry(TargetCollector(result, live=False)))


def _registry(collector: TargetCollector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry
