"""Tests of `exporter.metrics.exposition`: every exposition equals prometheus_client's."""

import math
import struct
from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from exporter.metrics.collector import TargetCollector
from exporter.metrics.exposition import _Families, _FastEncoder, fast_encoder
from tests.support.scrape_results import OK, FixedClock

ESCAPINGS = ("", "; escaping=underscores", "; escaping=allow-utf-8", "; escaping=values", "; escaping=dots")
TYPES = (
    "text/plain",
    "text/plain; version=0.0.4",
    "text/plain; version=1.0.0",
    "application/openmetrics-text",
    "application/openmetrics-text; version=1.0.0",
    "application/openmetrics-text; version=2.0.0",
)
ACCEPTS = tuple("".join(pair) for pair in product(TYPES, ESCAPINGS))
TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text('\\n"\n{},=# \r\t\u2028', max_size=8)
FLOATS = st.floats() | st.integers(0, 2**64 - 1).map(
    lambda bits: struct.unpack("d", struct.pack("Q", bits))[0]
)
VALUES = FLOATS | st.integers(-(10**30), 10**30) | st.booleans()
NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,9}", fullmatch=True) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5
)
LABEL_NAMES = NAMES.filter(lambda name: not name.startswith("__"))


class Fixed(Collector):
    """Collects these families."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        """Return them."""
        return self._families


@st.composite
def gauges(draw: st.DrawFn) -> Metric:
    """Return a gauge with any name, labels and samples."""
    labels = draw(st.lists(LABEL_NAMES, unique=True, max_size=4))
    family = GaugeMetricFamily(draw(NAMES), draw(TEXT), labels=labels)
    some = st.lists(TEXT, min_size=len(labels), max_size=len(labels))
    for values in draw(st.lists(some, max_size=4)):
        family.add_metric(values, draw(VALUES), timestamp=draw(st.none() | st.none() | st.floats(0, 1e9)))
    return family


@st.composite
def others(draw: st.DrawFn) -> Metric:
    """Return a family of another type, or one that only looks like a plain gauge."""
    name, value = draw(NAMES), draw(st.floats(0, 1e9))
    family = Metric(name, "looks plain", "gauge")
    family.add_sample(f"{name}_created", {"a": "b"}, value)
    united = Metric("size_bytes", "with a unit", "gauge", "bytes")
    united.add_sample("size_bytes", {"b": "2", "a": "1"}, value)
    return draw(
        st.sampled_from(
            [
                CounterMetricFamily("c", "count", value=value, created=1.5),
                HistogramMetricFamily("h", "spread", buckets=[("1.0", 1), ("+Inf", 2)], sum_value=value),
                InfoMetricFamily("i", "what it is", value={"version": "1"}),
                StateSetMetricFamily("s", "state", value={"on": True, "off": False}),
                family,
                united,
            ]
        )
    )


def both(families: Iterable[Metric], accept: str, names: Iterable[str] | None = None) -> tuple[bytes, bytes]:
    """Return the fast exposition and prometheus_client's."""
    registry = CollectorRegistry()
    registry.register(Fixed(families))
    encoder, content_type = choose_encoder(accept)
    source = registry if names is None else registry.restricted_registry(names)
    return fast_encoder(encoder, content_type)(source), encoder(source)


@given(families=st.lists(gauges() | others(), max_size=4), accept=st.sampled_from(ACCEPTS))
def test_every_exposition_is_equal(families: list[Metric], accept: str) -> None:
    """Names, labels, values, types, format and escaping make no difference."""
    encoded, expected = both(families, accept)

    assert encoded == expected


@given(family=gauges(), accept=st.sampled_from(ACCEPTS), others=st.lists(NAMES, max_size=2), data=st.data())
def test_every_part_of_an_exposition_is_equal(
    family: Metric, accept: str, others: list[str], data: st.DataObject
) -> None:
    """`name[]` selects some families."""
    names = data.draw(st.sets(st.sampled_from([family.name, *others])))
    encoded, expected = both([family], accept, names)

    assert encoded == expected


def test_its_representation_counts_the_cached_labels() -> None:
    """The representation shows how many sets of labels are rendered, not the labels."""
    family = GaugeMetricFamily("a", "b", labels=["c"])
    family.add_metric(["hidden"], 1)
    encode = _FastEncoder(lambda source: repr(source).encode())
    encode(Fixed([family]))

    assert repr(encode) == "_FastEncoder(label_sets=1)"
    assert repr(_Families(family)) == "_Families(a)"


@given(value=VALUES, label=TEXT)
@example(value=math.nan, label="")
@example(value=-0.0, label='\\\n"')
@example(value=1e16, label="\r\u2028")
def test_every_value_and_label_is_equal(value: float, label: str) -> None:
    """A plain gauge has any float as its value."""
    family = GaugeMetricFamily("bycloud_up", 'Whether\nit "is" \\ up.', labels=["one", "another"])
    family.add_metric(["", label], value)
    family.add_metric([label, ""], value)
    expositions = [both([family], accept) for accept in ACCEPTS]

    assert all(found == expected for found, expected in expositions)


@pytest.mark.parametrize("accept", ACCEPTS)
def test_the_metrics_of_a_target_are_equal(accept: str) -> None:
    """All of them are compared, in every format."""
    collector = TargetCollector(OK, clock=FixedClock())
    encoded, expected = both(collector.collect(), accept)

    assert encoded == expected
    assert encoded.count(b"\n") > 50


def test_a_text_without_an_encoding_is_the_same_error() -> None:
    """A lone surrogate cannot be encoded as UTF-8."""
    family = GaugeMetricFamily("a", "b", labels=["c"])
    family.add_metric(["\ud800"], 1)

    with pytest.raises(UnicodeEncodeError):
        both([family], "")
