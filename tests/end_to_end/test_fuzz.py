"""Responses that no sane API sends, over real sockets: each yields a scrape with a reason, never a 500."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from exporter.errors import Reason
from exporter.metrics.collector import render_text
from exporter.metrics.own import BudgetCollector
from exporter.simulator import bulk_backups
from exporter.target import scrape_result_of
from tests.support.client_rig import KEY, Rig
from tests.support.command import LOOPBACK, running
from tests.support.faults import FaultyApi, Raw
from tests.support.odd_json import ENVELOPE, GOOD, JSON, KEYS

SURROGATE = "\ud800"
HUGE = st.sampled_from([15, 20, 309, 400, 4300, 5000]).map("9".__mul__)
DATES = st.builds("Fri, 31 Dec {} 23:59:59 {}".format, HUGE, st.sampled_from(["GMT", "-0000", "+9999", ""]))
VALUES = st.one_of(
    HUGE,
    HUGE.map("-{}".format),
    DATES,
    st.sampled_from(["", "0", "-1", "1e400", "nan", "inf", "²", "chunked", "gzip", "gzip, gzip", "close"]),
    st.sampled_from(["http://[::1", "//", "http://\ud800", f"http://{'x' * 300}"]),
    st.sampled_from(
        ["text/html; charset=\x00", "a=b; expires=Fri, 31-Dec-9999 23:59:59 GMT; max-age=" + "9" * 400]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40),
)
NAMES = (
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Date",
    "Keep-Alive",
    "Location",
    "Retry-After",
    "Set-Cookie",
    "Transfer-Encoding",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)
HARMLESS = frozenset(NAMES) - {"Content-Encoding", "Content-Length", "Transfer-Encoding"}
HEADERS = st.lists(
    st.tuples(st.sampled_from(NAMES) | st.text(st.characters(max_codepoint=255), max_size=9), VALUES),
    max_size=6,
)
STATUSES = st.one_of(
    st.sampled_from([200, 200, 200, 204, 206, 302, 304, 400, 401, 422, 429, 500, 503]).map(str),
    st.integers(-1, 2000).map(str),
    st.text(st.characters(max_codepoint=255), max_size=9),
)
RECORDS = st.lists(st.dictionaries(KEYS, JSON, max_size=6).map(lambda odd: GOOD | odd) | JSON, max_size=4)
PAGES = st.builds(
    lambda records, meta, links: {"database_backups": records, "meta": meta, "links": links},
    RECORDS,
    ENVELOPE,
    ENVELOPE,
)
ERRORS = st.fixed_dictionaries(
    {"error": st.fixed_dictionaries({}, optional={"message": JSON, "request_id": JSON})}
)
BODIES = st.one_of(
    (PAGES | ERRORS | JSON).map(lambda document: json.dumps(document).encode()),
    st.binary(max_size=100),
    st.sampled_from(
        [b"-1\r\n{}", b"0\r\n\r\n", b"2\r\n{}\r\n0\r\n" + b"x: y\r\n" * 200, b"f" * 5000 + b"\r\n{}"]
    ),
)


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """Draw a response: mostly HTTP, sometimes other bytes."""
    body, headers = draw(BODIES), draw(HEADERS)
    if draw(st.booleans()):  # the length is known, so the content counts
        headers = [header for header in headers if header[0] in HARMLESS]
        headers.append(("Content-Length", str(len(body))))
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers)
    return f"HTTP/1.1 {draw(STATUSES)} \r\n{lines}\r\n".encode("latin-1", "replace") + body


@pytest.fixture(scope="module")
def api() -> Iterator[FaultyApi]:
    """Run one API for all examples; each sets its own response."""
    with FaultyApi(backups=bulk_backups(3, 1)) as running:
        yield running


def metrics(made: Rig) -> str:
    """Walk, and return the metrics of the result and of the budget."""
    outcome = made.walk(20)
    event(outcome.error.reason if outcome.error else "snapshot")
    registry = CollectorRegistry()
    registry.register(BudgetCollector(lambda: {"default": made.budget.state}))
    served = render_text(scrape_result_of(outcome, made.clock.now()))
    return served + generate_latest(registry).decode()


def value(text: str, name: str, **labels: str) -> float:
    """Return the value of a sample."""
    values = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return values[0]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(response=responses())
def test_every_response_yields_a_scrape(api: FaultyApi, response: bytes) -> None:
    """The scrape has all its metrics: it is up, or down with a reason."""
    api.faults.clear()
    api.faults.add(Raw(response), times=None)
    made = Rig(api.url)
    with closing(made.api):
        text = metrics(made)
    reasons = [value(text, "bycloud_scrape_failure", reason=reason) for reason in Reason]

    assert value(text, "bycloud_up") + sum(reasons) == 1


def page(**fields: Any) -> bytes:
    """Encode a good response, except for these fields of its page."""
    body = json.dumps({"database_backups": [GOOD], "meta": {"has_more": False}} | fields).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def head(status: int, **headers: str) -> bytes:
    """Encode a response with these headers and without a body."""
    lines = [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} X", *lines, "Content-Length: 0", "", ""]).encode()


KNOWN = {
    "surrogate in created_at": (page(database_backups=[GOOD | {"created_at": SURROGATE}]), None),
    "surrogate in meta.total": (page(meta={"total": SURROGATE}), Reason.BAD_RESPONSE),
    "surrogate in meta.limit": (page(meta={"limit": SURROGATE}), Reason.BAD_RESPONSE),
    "surrogate as a key": (page(**{SURROGATE: 1, "x": [SURROGATE]}), None),
    "redirect to no address": (head(302, Location="http://[::1"), Reason.BAD_RESPONSE),
    "huge Retry-After": (head(429, Retry_After="9" * 400), Reason.RATE_LIMITED),
    "huge Date": (
        head(429, Date=f"Fri, 31 Dec {'9' * 400} 23:59:59 GMT", Retry_After="1"),
        Reason.RATE_LIMITED,
    ),
    "huge date in Retry-After": (
        head(429, Retry_After=f"Fri, 31 Dec {'9' * 400} 23:59:59 GMT"),
        Reason.RATE_LIMITED,
    ),
    "huge limit": (head(401, X_RateLimit_Limit="9" * 400, X_RateLimit_Remaining="9" * 400), Reason.AUTH),
    "huge reset": (
        head(401, X_RateLimit_Limit="60", X_RateLimit_Remaining="1", X_RateLimit_Reset="9" * 400),
        Reason.AUTH,
    ),
}


@pytest.mark.parametrize(("raw", "reason"), KNOWN.values(), ids=KNOWN)
def test_serve_responds_to_a_scrape(
    api: FaultyApi, tmp_path: Path, raw: bytes, reason: Reason | None
) -> None:
    """The command responds with 200, the reason, and the exporter's own metrics."""
    api.faults.clear()
    api.faults.add(Raw(raw), times=None)
    file = tmp_path / "exporter.yml"
    settings = {"name": "default", "url": api.url, "api_key": KEY, "instances": "off"}
    file.write_text(
        yaml.safe_dump({"targets": [settings | {"request_timeout": "2m", "scrape_timeout": "2m"}]})
    )
    with running("serve", LOOPBACK, f"--config.file={file}") as (_, url):
        response = requests.get(f"{url}/metrics", timeout=180)
        text = response.text
    failures = [each for each in Reason if value(text, "bycloud_scrape_failure", reason=each)]

    assert response.status_code == 200
    assert value(text, "bycloud_up") == (reason is None)
    assert failures == ([] if reason is None else [reason])
    assert "bycloud_api_requests_total" in text
