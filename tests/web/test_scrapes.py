"""Tests of `exporter.web.scrapes`, over real sockets."""

import gzip
import socket
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector
from structlog.testing import capture_logs

from exporter.metrics.collector import TargetCollector
from exporter.metrics.own import OwnMetrics, ReloadCollector, own_collectors
from exporter.metrics.render import Rendered, RenderOptions, compress, render
from exporter.results import ScrapeResult
from exporter.server.refusals import Refusal
from exporter.target import WalkOutcome
from exporter.web import scrapes
from exporter.web.application import RequestKind
from exporter.web.render_queue import RenderQueue
from exporter.web.scrapes import LONGEST_TIMEOUT, TIMEOUT_HEADER, scrape_timeout
from tests.support.application import WaitingTarget, address_of, get, make_app, running
from tests.support.scrape_results import NOW, SUCCESS, FixedClock, scraper
from tests.support.serving import PATIENCE, wait_until

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n%b: 3600\r\n\r\n" % TIMEOUT_HEADER.encode()


class SlowRender:
    """Renders as soon as a test says so."""

    def __init__(self) -> None:
        self.calls = 0
        self.entered = threading.Event()
        self.release = threading.Event()

    def __call__(self, collectors: Iterable[Collector], options: RenderOptions) -> Rendered:
        """Wait, and render."""
        self.calls += 1
        self.entered.set()
        assert self.release.wait(PATIENCE)
        return render(collectors, options)


def reference(
    collectors: Iterable[Collector], query: str, **environ: str
) -> tuple[str, dict[str, str], bytes]:
    """Return the response of prometheus_client's own endpoint to a registry of these collectors."""
    registry = CollectorRegistry(auto_describe=True)
    for collector in collectors:
        registry.register(collector)
    started: list[tuple[str, list[tuple[str, str]]]] = []
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/metrics", "QUERY_STRING": query, **environ}
    body = b"".join(make_wsgi_app(registry)(request, lambda *start: started.append(start)))
    return started[0][0], dict(started[0][1]), body


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "text/plain",
        "text/plain;version=1.0.0;escaping=allow-utf-8",
        "application/openmetrics-text; version=1.0.0",
        "application/openmetrics-text; version=1.0.0; escaping=underscores",
        PROMETHEUS,
        "nonsense",
    ],
)
@pytest.mark.parametrize("query", ["", "name[]=bycloud_up&name[]=bycloud_database_labels"])
def test_responses_equal_those_of_prometheus_client(accept: str | None, query: str) -> None:
    """Status, headers and body are those of its own endpoint, for every `Accept` and `name[]`."""
    own = [ReloadCollector(NOW)]
    with running(make_app(scraper(), own=own)) as url:
        for encoding in (None, "gzip", "br;q=1, gzip;q=0.5", "identity"):
            response = get(f"{url}/metrics?{query}", accept=accept, accept_encoding=encoding)
            target = TargetCollector(scraper().scrape(1), clock=FixedClock())
            environ = {"HTTP_ACCEPT": accept or "", "HTTP_ACCEPT_ENCODING": encoding or ""}
            status, headers, body = reference([target, *own], query, **environ)

            assert status == f"{response.status_code} OK"
            assert {name: response.headers.get(name) for name in headers} == headers
            assert response.headers.get("content-encoding") == headers.get("Content-Encoding")
            assert response.content == (gzip.decompress(body) if "Content-Encoding" in headers else body)
            assert b"bycloud_up 1.0\n" in response.content
            assert b'label_team="payments"} 1.0\n' in response.content
            assert (b"bycloud_scrape_pages" in response.content) is not bool(query)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/openmetrics-text;version=abc", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text;version=9.9.9", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0;q=0.1, text/plain;version=0.0.4",
            "text/plain; version=0.0.4; charset=utf-8",
        ),
        (
            "text/plain;version=0.0.4;q=0.5, application/openmetrics-text;version=1.0.0",
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
        ),
    ],
)
def test_an_accept_that_prometheus_client_does_not_support(accept: str, content_type: str) -> None:
    """A malformed or unknown format gets text 0.0.4, and the highest quality wins."""
    with running(make_app(scraper())) as url:
        response = get(f"{url}/metrics", accept=accept)

    assert (response.status_code, response.headers["content-type"]) == (200, content_type)


@pytest.mark.parametrize(
    ("encoding", "compressed"), [("gzip", True), ("gzip;q=0", False), ("br", False), ("x-gzip", False)]
)
def test_a_response_is_compressed_if_the_client_accepts_gzip(encoding: str, compressed: bool) -> None:  # noqa: FBT001 - by pytest
    """It has gzip's fastest level."""
    headers = {"Accept-Encoding": encoding}
    with (
        running(make_app(scraper())) as url,
        requests.get(f"{url}/metrics", headers=headers, timeout=60, stream=True) as response,
    ):
        body = response.raw.read(decode_content=False)

    assert (response.headers.get("content-encoding") == "gzip") is compressed
    assert b"bycloud_up" in (gzip.decompress(body) if compressed else body)
    assert not compressed or body[8] == 4  # RFC 1952: the fastest algorithm


def test_head_returns_the_headers_of_get() -> None:
    """The length is that of the body that GET returns."""
    with running(make_app(scraper())) as url:
        got = get(f"{url}/metrics", accept_encoding="identity")
        head = requests.head(f"{url}/metrics", headers={"Accept-Encoding": "identity"}, timeout=60)

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    ("query", "walks"),
    [("name[]=process_cpu_seconds_total", 0), ("name[]=nothing", 0), ("name[]=bycloud_up", 1), ("", 1)],
)
def test_a_scrape_walks_only_if_it_selects_a_metric_of_the_target(query: str, walks: int) -> None:
    """A scrape of process metrics makes no request to the API; nor does the start."""
    walked: list[None] = []

    def walk() -> WalkOutcome:
        walked.append(None)
        return SUCCESS

    own = own_collectors(OwnMetrics(), dict, ReloadCollector(NOW))
    with running(make_app(scraper(walk), own=own)) as url:
        text = get(f"{url}/metrics?{query}").text

    assert len(walked) == walks
    assert ("process_cpu_seconds_total" in text) is ("process" in query or not query)


def test_each_of_several_targets_has_its_probe() -> None:
    """Then `/metrics` serves the exporter's own metrics only."""
    with running(make_app(scraper(name="a"), scraper(name="b & c"), own=[ReloadCollector(NOW)])) as url:
        metrics, probe = get(f"{url}/metrics"), get(f"{url}/probe?target=b+%26+c")

    assert "bycloud_exporter_config_last_reload_successful 1.0" in metrics.text
    assert "bycloud_up" not in metrics.text
    assert probe.status_code == 200
    assert "bycloud_up 1.0" in probe.text
    assert "bycloud_exporter" not in probe.text


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("", 400, 'missing parameter "target": use /probe?target=NAME\n'),
        ("?target=", 404, 'unknown target ""; GET /sd lists the configured targets\n'),
        (
            "?target=http://example.com",
            404,
            'unknown target "http://example.com"; GET /sd lists the configured targets\n',
        ),
        ("?target=a%0Ab", 404, 'unknown target "a\\nb"; GET /sd lists the configured targets\n'),
    ],
)
def test_only_configured_targets_can_be_probed(query: str, status: int, text: str) -> None:
    """The URL in a request is never a target."""
    with running(make_app(scraper())) as url:
        response = get(f"{url}/probe{query}")

    assert (response.status_code, response.text) == (status, text)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("10", 9.5),
        ("0.6", 0.3),
        ("1", 0.5),
        ("1e9", 120),
        ("600", 120),
        *((text, 30) for text in (None, "", "nan", "inf", "-inf", "-1", "0", "1e999", "text", "10s")),
    ],
)
def test_a_scrape_may_take_a_little_less_than_its_scraper_waits(header: str | None, seconds: float) -> None:
    """A header that is not a positive number is ignored."""
    assert scrape_timeout(header, 30) == pytest.approx(seconds)


@given(
    st.one_of(st.none(), st.text(max_size=20), st.floats().map(str), st.integers().map(str)),
    st.floats(0.001, 3600),
)
@example(header="3E-324", default=1.0)
def test_no_header_extends_a_scrape_beyond_the_longest_timeout(header: str | None, default: float) -> None:
    """A timeout is always above zero, and at most two minutes or the configured timeout."""
    assert 0 < scrape_timeout(header, default) <= max(default, LONGEST_TIMEOUT)


def test_a_scrape_ends_before_its_scraper_s_timeout() -> None:
    """The header counts: the target's own timeout is 30 seconds."""
    with running(make_app(WaitingTarget().scraper)) as url:
        text = get(f"{url}/metrics", x_prometheus_scrape_timeout_seconds="0.02").text

    assert "bycloud_up 0.0" in text
    assert 'bycloud_scrape_failure{reason="timeout"} 1.0' in text


def test_a_scrape_has_less_time_if_its_request_waited_for_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request counts its seconds from its arrival."""
    monkeypatch.setattr(scrapes, "TIMEOUT_MARGIN", 0.0)
    given: list[float] = []
    first, second = WaitingTarget("first"), scraper(name="second")
    result = second.scrape(1)

    def scrape(seconds: float, _: object) -> ScrapeResult:
        given.append(seconds)
        return result

    monkeypatch.setattr(second, "scrape", scrape)
    app = make_app(first.scraper, second, max_requests=1)
    with running(app) as url, ThreadPoolExecutor(2) as pool:
        holding = pool.submit(get, f"{url}/probe?target=first")
        wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 1)
        waiting = pool.submit(get, f"{url}/probe?target=second", x_prometheus_scrape_timeout_seconds="100")
        wait_until(lambda: "1 waiting" in repr(app))
        first.end()
        statuses = [holding.result().status_code, waiting.result().status_code]

    assert statuses == [200, 200]
    assert 90 < given[0] < 100


def test_scrapes_beyond_the_limit_are_refused() -> None:
    """Each 503 is counted; health is always served, and a scrape that ends makes room."""
    target = WaitingTarget()
    refused: list[Refusal] = []
    app = make_app(target.scraper, max_requests=1, count_refusal=refused.append)
    with running(app) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, f"{url}/metrics")
        wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 1)
        second, healthy = get(f"{url}/metrics"), get(f"{url}/-/healthy")
        target.end()
        statuses = [first.result().status_code]
        wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 0)
        third = pool.submit(get, f"{url}/metrics")
        wait_until(lambda: bool(target.walks))
        target.end()
        statuses.append(third.result().status_code)

    assert (second.status_code, second.text) == (503, "too many requests at once: see --web.max-requests\n")
    assert healthy.status_code == 200
    assert statuses == [200, 200]
    assert refused == [Refusal.TOO_MANY_REQUESTS]


def test_as_many_scrapes_as_allowed_run_at_once() -> None:
    """The limit may exceed the 40 threads that Starlette has by default."""
    together = threading.Barrier(42)

    def walk() -> WalkOutcome:
        together.wait(10)
        return SUCCESS

    app = make_app(*(scraper(walk, name=str(number)) for number in range(41)), max_requests=41)
    with running(app) as url, ThreadPoolExecutor(41) as pool:
        statuses = pool.map(lambda number: get(f"{url}/probe?target={number}").status_code, range(41))
        assert get(f"{url}/-/healthy").status_code == 200
        together.wait(10)

    assert set(statuses) == {200}


@pytest.mark.parametrize("path", ["/metrics", "/probe?target=default"])
def test_a_crashed_walk_is_a_500_and_the_next_scrape_walks(
    caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """The walk logs its traceback once, the responses log none, and no slot is lost."""
    walks: list[Exception | None] = [ZeroDivisionError("a bug"), ZeroDivisionError("a bug"), None]

    def walk() -> WalkOutcome:
        if error := walks.pop(0):
            raise error
        return SUCCESS

    with capture_logs() as logs, running(make_app(scraper(walk), max_requests=1)) as url:
        responses = [get(url + path) for _ in range(3)]

    assert [response.status_code for response in responses] == [500, 500, 200]
    assert responses[0].text.startswith("unexpected error while walking the API")
    assert [line["log_level"] for line in logs if "exc_info" in line] == ["error", "error"]
    assert "Traceback" not in caplog.text


def test_clients_that_leave_hold_no_slot() -> None:
    """The next scrapes, with any timeout, are served while the walk still runs."""
    target = WaitingTarget()
    refused: list[Refusal] = []
    app = make_app(target.scraper, max_requests=2, count_refusal=refused.append)
    with running(app) as url:
        for _ in range(6):
            with socket.create_connection(address_of(url), 10) as client:
                client.sendall(REQUEST)
                wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 1)
            wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 0)
        with ThreadPoolExecutor(1) as pool:
            last = pool.submit(get, f"{url}/metrics")
            wait_until(lambda: target.end_until(last.done))
            response = last.result()

    assert response.status_code == 200
    assert "bycloud_up 1.0" in response.text
    assert refused == []


def test_a_disconnected_client_keeps_its_slot_while_its_thread_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """So there are never more threads than slots."""
    entered, release = threading.Event(), threading.Event()
    busy, other = scraper(name="busy"), scraper(name="other")
    result = busy.scrape(1)

    def scrape(*_: object) -> ScrapeResult:
        entered.set()
        assert release.wait(PATIENCE)
        return result

    monkeypatch.setattr(busy, "scrape", scrape)
    app = make_app(busy, other, max_requests=1)
    with running(app) as url:
        with socket.create_connection(address_of(url), 10) as client:
            client.sendall(b"GET /probe?target=busy HTTP/1.1\r\nHost: x\r\n\r\n")
            assert entered.wait(PATIENCE)
        refused = get(f"{url}/probe?target=other").status_code
        release.set()
        wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 0)
        served = get(f"{url}/probe?target=other").status_code

    assert (refused, served) == (503, 200)


def test_nothing_is_rendered_for_clients_that_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their turn passes at once to the clients that still wait."""
    slow = SlowRender()
    monkeypatch.setattr(scrapes, "render", slow)
    app = make_app(scraper())
    with running(app) as url, ThreadPoolExecutor(2) as pool:
        first = pool.submit(get, f"{url}/metrics")
        assert slow.entered.wait(PATIENCE)
        clients = [socket.create_connection(address_of(url), 10) for _ in range(10)]
        for number, client in enumerate(clients):
            client.sendall(b"GET /metrics?name[]=%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
        wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 11)
        for client in clients:
            client.close()
        last = pool.submit(get, f"{url}/metrics?name[]=bycloud_up")
        wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 12)
        get(f"{url}/-/healthy")  # so that the server has seen the clients leave
        slow.release.set()
        statuses = [first.result().status_code, last.result().status_code]

    assert statuses == [200, 200]
    assert slow.calls == 2


def test_scrapers_that_wait_at_once_share_a_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither other parameters in their queries nor compression make a difference."""
    slow = SlowRender()
    monkeypatch.setattr(scrapes, "render", slow)
    app = make_app()
    with running(app) as url, ThreadPoolExecutor(10) as pool:
        first = pool.submit(get, f"{url}/metrics")
        assert slow.entered.wait(PATIENCE)
        others = [
            pool.submit(get, f"{url}/metrics?junk={number}", Accept_Encoding="gzip" * (number % 2))
            for number in range(9)
        ]
        wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 10)
        slow.release.set()
        bodies = {response.result().content for response in (first, *others)}

    assert len(bodies) == 1
    assert slow.calls == 1


def test_scrapers_that_wait_at_once_share_a_compression(monkeypatch: pytest.MonkeyPatch) -> None:
    """The body is compressed once for all."""
    may_compress, queues = threading.Event(), [RenderQueue[Rendered](), RenderQueue[Rendered]()]
    wait_and_compress = Mock(side_effect=lambda one: may_compress.wait(PATIENCE) and compress(one))
    slow, made = SlowRender(), iter(queues)
    monkeypatch.setattr(scrapes, "render", slow)
    monkeypatch.setattr(scrapes, "compress", wait_and_compress)
    monkeypatch.setattr(scrapes, "RenderQueue", lambda: next(made))
    app = make_app()
    with running(app) as url, ThreadPoolExecutor(10) as pool:
        responses = [pool.submit(get, f"{url}/metrics", Accept_Encoding="gzip") for _ in range(10)]
        wait_until(lambda: app.in_flight(RequestKind.SCRAPE) == 10)
        slow.release.set()
        wait_until(lambda: "9 waiting" in repr(queues[1]))
        may_compress.set()
        bodies = {response.result().content for response in responses}

    assert len(bodies) == 1
    assert wait_and_compress.call_count == 1


def test_a_scrape_without_a_thread_is_a_500(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds no slot."""
    submit, failures = ThreadPoolExecutor.submit, [RuntimeError("can't start new thread")]

    def fail_once(self: ThreadPoolExecutor, *args: Any) -> Any:
        if self._thread_name_prefix == "scrape" and failures:
            raise failures.pop()
        return submit(self, *args)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", fail_once)
    with running(make_app(scraper(), max_requests=1)) as url:
        statuses = [get(f"{url}/metrics").status_code for _ in range(2)]

    assert statuses == [500, 200]
