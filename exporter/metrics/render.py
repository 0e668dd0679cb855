"""Renders metric families as the body of a response."""

import gzip
from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from exporter.metrics.exposition import fast_encoder

GZIP_LEVEL: Final = 1  # level 9 takes seven times as long for a body of almost the same size


class RenderOptions(Struct, frozen=True):
    """What a scraper requests.

    `names` are the families of its `name[]` parameters (`None`: all of them), `accept` is one of
    `negotiation.KNOWN`.
    """

    names: frozenset[str] | None
    accept: str


class Rendered(Struct, frozen=True, eq=False):
    """The body of a response, and the headers that describe it. It equals only itself."""

    body: bytes
    headers: dict[str, str]


def render(collectors: Iterable[Collector], options: RenderOptions) -> Rendered:
    """Collect and render the same bytes as prometheus_client's own endpoint.

    :param collectors: what to collect, in the order of the output.
    :param options: format and families.
    """
    registry = CollectorRegistry(auto_describe=True)
    for collector in collectors:
        registry.register(collector)
    encoder, content_type = choose_encoder(options.accept)
    encode = fast_encoder(encoder, content_type)
    names = options.names
    body = encode(registry if names is None else registry.restricted_registry(sorted(names)))
    return Rendered(body, {"Content-Type": content_type})


def compress(rendered: Rendered) -> Rendered:
    """Compress a body with gzip."""
    body = gzip.compress(rendered.body, GZIP_LEVEL, mtime=0)
    return Rendered(body, {**rendered.headers, "Content-Encoding": "gzip"})
