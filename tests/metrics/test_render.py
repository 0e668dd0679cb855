"""Tests of `exporter.metrics.render`."""

import gzip

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from exporter.metrics.collector import TargetCollector
from exporter.metrics.negotiation import KNOWN, TEXT
from exporter.metrics.own import ReloadCollector
from exporter.metrics.render import RenderOptions, compress, render
from tests.support.scrape_results import NOW, OK, FixedClock

COLLECTORS = (TargetCollector(OK, clock=FixedClock()), ReloadCollector(NOW))
EVERYTHING = RenderOptions(names=None, accept=TEXT)


@pytest.mark.parametrize("accept", KNOWN)
@pytest.mark.parametrize("names", [None, frozenset(["bycloud_up", "bycloud_scrape_failure"])])
def test_a_rendering_equals_prometheus_client_s(accept: str, names: frozenset[str] | None) -> None:
    """Body and content type are equal for every format, whether all families are selected or some."""
    registry = CollectorRegistry(auto_describe=True)
    for collector in COLLECTORS:
        registry.register(collector)
    encoder, content_type = choose_encoder(accept)
    expected = encoder(registry if names is None else registry.restricted_registry(sorted(names)))
    rendered = render(COLLECTORS, RenderOptions(names, accept))

    assert rendered.body == expected
    assert rendered.headers == {"Content-Type": content_type}


def test_a_compressed_rendering_is_always_the_same() -> None:
    """It contains no timestamp, and it has the fastest level."""
    plain = render(COLLECTORS, EVERYTHING)
    compressed = compress(plain)

    assert gzip.decompress(compressed.body) == plain.body
    assert compressed.headers == {**plain.headers, "Content-Encoding": "gzip"}
    assert compressed.body[4:9] == b"\0\0\0\0\4"  # RFC 1952: no modification time, the fastest algorithm
