"""What becomes of `Accept`: always what prometheus_client answers, and what it would have chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.exposition import choose_encoder

from exporter.metrics.negotiation import KNOWN, TEXT, known_accept, takes_gzip

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
def test_what_is_chosen(accept: str, known: str) -> None:
    """The heaviest of what is known; text 0.0.4 where there is nothing or nonsense."""
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
def test_where_no_q_is_given_it_is_prometheus_client_s_choice(accept: str) -> None:
    """The same format by way of the known string as without."""
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
def test_always_a_known_string(accept: str) -> None:
    """Whatever comes in, nothing of it comes out, and prometheus_client can answer."""
    known = known_accept(accept)

    assert known in KNOWN
    assert choose_encoder(known)[1]


@pytest.mark.parametrize(
    ("header", "taken"),
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
def test_gzip(header: str, taken: bool) -> None:  # noqa: FBT001 - what is expected
    """Only for who names it, and does not weigh it with nothing."""
    assert takes_gzip(header) is taken
