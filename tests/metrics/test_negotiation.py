"""Tests of `exporter.metrics.negotiation`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.exposition import choose_encoder

from exporter.metrics.negotiation import KNOWN, TEXT, accepts_gzip, known_accept, requested_names

OPENMETRICS = "application/openmetrics-text;version=1.0.0;escaping="
PLAIN = "text/plain;version=1.0.0;escaping="
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"


@pytest.mark.parametrize(
    ("accept", "known"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/*;q=0.5", TEXT),
        ("text/plain", TEXT),
        ("text/html, */*;q=0.1", TEXT),
        ("image/png", TEXT),
        (PROMETHEUS_2, OPENMETRICS + "underscores"),
        (PROMETHEUS_3, OPENMETRICS + "allow-utf-8"),
        (PROTOBUF + PROMETHEUS_3, OPENMETRICS + "allow-utf-8"),
        ("application/openmetrics-text", "application/openmetrics-text"),
        ("application/openmetrics-text; version=1.0.0; escaping=dots", OPENMETRICS + "dots"),
        ("text/plain;version=1.0.0;escaping=values", PLAIN + "values"),
        ("text/plain;version=1.0.0;escaping=<script>", PLAIN + "underscores"),
        # q counts
        (
            "text/plain;version=1.0.0;q=0.1, application/openmetrics-text;version=1.0.0",
            OPENMETRICS + "underscores",
        ),
        ("application/openmetrics-text;version=1.0.0;q=0.1, text/plain;version=0.0.4;q=0.9", TEXT),
        ("application/openmetrics-text;version=1.0.0;q=0", TEXT),
        (
            "application/openmetrics-text;version=1.0.0;q=0.000, text/plain;version=1.0.0;q=0.001",
            PLAIN + "underscores",
        ),
        # unknown versions are not echoed
        ("application/openmetrics-text;version=abc", TEXT),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/openmetrics-text;version=9.9.9<script>", TEXT),
        ("application/openmetrics-text;version=abc, text/plain;version=1.0.0", PLAIN + "underscores"),
        # malformed
        ("application/openmetrics-text;version=1.0.0;q=abc", TEXT),
        ("application/openmetrics-text;version=1.0.0;q=2", TEXT),
        ("application/openmetrics-text;version=1.0.0;q=-1", TEXT),
        ("application/openmetrics-text;version=1.0.0;q=nan", TEXT),
        ("application/openmetrics-text;version=1.0.0;version=1.0.0", TEXT),
        ("application/openmetrics-text;version", TEXT),
        ("application/openmetrics-text;=1.0.0", TEXT),
        ("application/openmetrics-text;", TEXT),
    ],
)
def test_the_highest_known_quality_is_chosen(accept: str, known: str) -> None:
    """A header that is empty, unknown or malformed gets text 0.0.4."""
    assert known_accept(accept) == known


ELEMENTS = st.sampled_from(
    [
        *(known for known in KNOWN if known != TEXT),
        "text/plain",
        "text/plain;version=0.0.4",
        "*/*",
        "image/png",
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text; version=1.0.0",
    ]
)


@given(st.lists(ELEMENTS).map(",".join))
def test_without_q_the_choice_is_prometheus_client_s(accept: str) -> None:
    """The known format and the header itself have the same encoder."""
    assert choose_encoder(known_accept(accept))[1] == choose_encoder(accept)[1]


PIECES = st.sampled_from(
    [
        *"; ,=/*",
        "q",
        "version",
        "1.0.0",
        "0.5",
        "abc",
        "escaping",
        "text/plain",
        "application/openmetrics-text",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_every_header_gets_a_known_format(accept: str) -> None:
    """Nothing of the header is returned, and prometheus_client has an encoder for the format."""
    known = known_accept(accept)

    assert known in KNOWN
    assert choose_encoder(known)[1]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.5", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.00", False),
        ("x-gzip", False),
    ],
)
def test_gzip_is_accepted_by_header(header: str, expected: bool) -> None:  # noqa: FBT001 - by pytest
    """A quality of 0 means no."""
    assert accepts_gzip(header) is expected


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", None),
        ("junk=1", None),
        ("name[]=bycloud_up&name[]=bycloud_up&j=2", {"bycloud_up"}),
        ("name[]=b&name[]=a", {"a", "b"}),
    ],
)
def test_name_parameters_select_families(query: str, names: set[str] | None) -> None:
    """Order, repetition and other parameters make no difference."""
    assert requested_names(query) == names
