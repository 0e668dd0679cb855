"""The endpoints, over real sockets."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import requests
import structlog
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector
from structlog.testing import capture_logs

from exporter.api.budget import Budget
from exporter.config import Secret, Target
from exporter.errors import ConfigError
from exporter.metrics.collector import TargetCollector
from exporter.metrics.own import OwnMetrics, ReloadCollector, own_collectors
from exporter.server.refusals import Refusal
from exporter.target import WalkOutcome
from exporter.target.scraper import Scraper
from exporter.web import endpoints as web
from exporter.web.discovery import ExternalUrl, target_groups
from exporter.web.endpoints import LONGEST, TIMEOUT_HEADER, Endpoints, scrape_seconds
from exporter.web.landing import HEADERS
from tests.support.answers import NOW, SUCCESS, FixedClock, scraper
from tests.support.application import get, running
from tests.support.serving import PATIENCE, wait_until

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Return what serves scrapers, and collectors of the exporter itself, and gives the URL."""
    with ExitStack() as stack:

        def serve(*scrapers: Scraper, own: Iterable[Collector] = (), **options: object) -> str:
            named = {one.target.name: one for one in scrapers}
            endpoints = Endpoints(lambda: named, own, clock=FixedClock(), **options)  # type: ignore[arg-type]
            return stack.enter_context(running(endpoints.application()))

        yield serve


def reference(
    collectors: Iterable[Collector], query: str, **environ: str
) -> tuple[str, dict[str, str], bytes]:
    """Let prometheus_client's own endpoint answer over a registry of these."""
    registry = CollectorRegistry(auto_describe=True)
    for collector in collectors:
        registry.register(collector)
    said: list[tuple[str, list[tuple[str, str]]]] = []
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/metrics", "QUERY_STRING": query, **environ}
    body = b"".join(make_wsgi_app(registry)(request, lambda *answer: said.append(answer)))
    return said[0][0], dict(said[0][1]), body


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
@pytest.mark.parametrize("query", ["", "name[]=bycloud_up&name[]=bycloud_scrape_failure"])
def test_metrics_are_prometheus_client_s(serve: Callable[..., str], accept: str | None, query: str) -> None:
    """The same status, headers and body as its own endpoint gives, for every way to ask."""
    own = [ReloadCollector(NOW)]
    url = serve(scraper(), own=own)
    for encoding in (None, "gzip", "br;q=1, gzip;q=0.5", "identity"):
        answer = get(f"{url}/metrics?{query}", accept=accept, accept_encoding=encoding)
        target = TargetCollector(lambda: scraper().scrape(1), clock=FixedClock())
        environ = {"HTTP_ACCEPT": accept or "", "HTTP_ACCEPT_ENCODING": encoding or ""}
        status, headers, body = reference([target, *own], query, **environ)

        assert status == f"{answer.status_code} OK"
        assert {name: answer.headers.get(name) for name in headers} == headers
        assert answer.headers.get("content-encoding") == headers.get("Content-Encoding")
        assert answer.content == (gzip.decompress(body) if "Content-Encoding" in headers else body)
        assert b"bycloud_up 1.0\n" in answer.content
        assert (b"bycloud_scrape_pages" in answer.content) is not bool(query)


@pytest.mark.parametrize(
    ("query", "walks"),
    [("name[]=process_cpu_seconds_total", 0), ("name[]=nothing", 0), ("name[]=bycloud_up", 1), ("", 1)],
)
def test_only_what_is_asked_for_is_walked(serve: Callable[..., str], query: str, walks: int) -> None:
    """A scrape of the process's metrics makes no request to the API; nor does the start."""
    walked: list[None] = []

    def walk() -> WalkOutcome:
        walked.append(None)
        return SUCCESS

    url = serve(scraper(walk), own=own_collectors(OwnMetrics(), dict, ReloadCollector(NOW)))
    text = get(f"{url}/metrics?{query}").text

    assert len(walked) == walks
    assert ("process_cpu_seconds_total" in text) is ("process" in query or not query)


def test_several_targets(serve: Callable[..., str]) -> None:
    """Each has its probe, and `/metrics` is the exporter alone."""
    url = serve(scraper(name="a"), scraper(name="b & c"), own=[ReloadCollector(NOW)])
    metrics, probe = get(f"{url}/metrics"), get(f"{url}/probe?target=b+%26+c")

    assert "bycloud_exporter_config_last_reload_successful 1.0" in metrics.text
    assert "bycloud_up" not in metrics.text
    assert probe.status_code == 200
    assert "bycloud_up 1.0" in probe.text
    assert "bycloud_exporter" not in probe.text


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("", 400, "the parameter target is missing: /probe?target=NAME\n"),
        ("?target=", 404, "no such target is configured: /sd names them\n"),
        ("?target=http://example.com", 404, "no such target is configured: /sd names them\n"),
    ],
)
def test_probes_of_what_is_not_configured(
    serve: Callable[..., str], query: str, status: int, text: str
) -> None:
    """Never an address that a request names."""
    answer = get(f"{serve(scraper())}/probe{query}")

    assert (answer.status_code, answer.text) == (status, text)


@pytest.mark.parametrize(
    "path", ["/nope", "/metrics/", "/probe/", "/-/healthy/", "/-/", "/sd/x", "//", "/favicon.ico"]
)
def test_anything_else_is_not_found(serve: Callable[..., str], path: str) -> None:
    """Without a redirect to where a slash is more or less."""
    assert get(serve(scraper()) + path).status_code == 404


def test_the_other_pages(serve: Callable[..., str]) -> None:
    """The landing page links to the path that was chosen; health and readiness are told."""
    url = serve(scraper(), telemetry_path="/other")
    landing = get(f"{url}/")

    assert landing.headers["content-type"] == "text/html; charset=utf-8"
    assert 'href="/other"' in landing.text
    assert get(f"{url}/other").status_code == 200
    assert get(f"{url}/metrics").status_code == 404
    assert [get(f"{url}/-/{path}").text for path in ("healthy", "ready")] == ["OK\n", "OK\n"]
    assert requests.post(f"{url}/other", timeout=5).status_code == 405
    assert requests.head(f"{url}/other", timeout=5).text == ""


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
def test_how_long_a_scrape_may_take(header: str | None, seconds: float) -> None:
    """A little less than the scraper waits; what makes no sense is not taken for a time."""
    assert scrape_seconds(header, 30) == pytest.approx(seconds)


def test_a_scrape_ends_before_its_scraper_gives_up(serve: Callable[..., str]) -> None:
    """The header counts: the target's own time-out would be 30 seconds."""
    clock = FixedClock()
    never = Scraper(
        Target(name="default", api_key=Secret("id:secret")),
        lambda _seconds, _next, _running: SUCCESS,  # type: ignore[arg-type] # by place, as it is called
        Budget(clock=clock),
        structlog.get_logger(),
        clock=clock,
        spawn=lambda _: None,
    )
    text = get(f"{serve(never)}/metrics", x_prometheus_scrape_timeout_seconds="0.02").text

    assert "bycloud_up 0.0" in text
    assert 'bycloud_scrape_failure{reason="timeout"} 1.0' in text


def test_scrapers_must_not_pile_up(serve: Callable[..., str]) -> None:
    """One more than allowed is refused at once, while health is told; then there is room again."""
    entered, released = threading.Event(), threading.Event()

    def walk() -> WalkOutcome:
        entered.set()
        assert released.wait(10)
        return SUCCESS

    url = serve(scraper(walk), max_requests=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, f"{url}/metrics")
        assert entered.wait(10)
        second, healthy = get(f"{url}/metrics"), get(f"{url}/-/healthy")
        released.set()

    assert (second.status_code, second.text) == (503, "too many requests at once: see --web.max-requests\n")
    assert healthy.status_code == 200
    assert first.result().status_code == get(f"{url}/metrics").status_code == 200


def test_as_many_scrapes_as_allowed_go_on_at_once(serve: Callable[..., str]) -> None:
    """More than the 40 that Starlette's own threads would do, and the landing page besides."""
    together = threading.Barrier(42)

    def walk() -> WalkOutcome:
        together.wait(10)
        return SUCCESS

    url = serve(*(scraper(walk, name=str(place)) for place in range(41)), max_requests=41)
    with ThreadPoolExecutor(41) as pool:
        answers = pool.map(lambda place: get(f"{url}/probe?target={place}").status_code, range(41))
        assert get(f"{url}/-/healthy").status_code == 200
        together.wait(10)

    assert set(answers) == {200}


@pytest.mark.parametrize("path", ["/metrics", "/probe?target=default"])
def test_a_crashed_walk_is_a_500_and_the_next_scrape_walks(
    serve: Callable[..., str], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """The traceback is in the log once, by the walk, and not again with each answer; no room is lost."""
    walks: list[Exception | None] = [ZeroDivisionError("a bug"), ZeroDivisionError("a bug"), None]

    def walk() -> WalkOutcome:
        if error := walks.pop(0):
            raise error
        return SUCCESS

    with capture_logs() as logs:
        url = serve(scraper(walk), max_requests=1)
        answers = [get(url + path) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [500, 500, 200]
    assert answers[0].text.startswith("unexpected error while walking the API: see the log")
    assert [line["log_level"] for line in logs if "exc_info" in line] == ["error", "error"]
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("place", "host", "told"),
    [
        (None, "exporter.example:10140", ExternalUrl("http", "exporter.example:10140")),
        (ExternalUrl("https", "x.example", "/p"), "other", ExternalUrl("https", "x.example", "/p")),
    ],
)
def test_discovery(
    serve: Callable[..., str], place: ExternalUrl | None, host: str, told: ExternalUrl
) -> None:
    """Every target, at the address that was given, else at the request's own."""
    url = serve(scraper(name="a"), scraper(name="b & c"), place=place)
    answer = get(f"{url}/sd", host=host)

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == target_groups(["a", "b & c"], told)


def test_discovery_by_what_is_no_address(serve: Callable[..., str]) -> None:
    """Nothing that a request sends beside a plain host is handed on."""
    answer = get(f"{serve(scraper())}/sd", host="u:p@evil")

    assert (answer.status_code, answer.text) == (
        400,
        "no plain Host in the request: see --web.external-url\n",
    )


def test_reload_must_be_enabled(serve: Callable[..., str]) -> None:
    """Else whoever reaches the port could have files read."""
    answer = requests.post(f"{serve(scraper())}/-/reload", timeout=10)

    assert (answer.status_code, answer.text) == (403, "not enabled: see --web.enable-lifecycle\n")


def test_reload(serve: Callable[..., str]) -> None:
    """By POST and PUT, not by a link that somebody follows; what is wrong is the answer."""
    results: list[ConfigError | None] = [None, ConfigError("exporter.yml: no"), None]

    def reload() -> None:
        if error := results.pop(0):
            raise error

    url = f"{serve(scraper(), lifecycle=reload)}/-/reload"
    answers = [requests.request(method, url, timeout=10) for method in ("POST", "POST", "PUT", "GET")]

    assert [answer.status_code for answer in answers] == [200, 500, 200, 405]
    assert answers[1].text == "the old configuration stays: exporter.yml: no\n"
    assert results == []


def test_other_targets_are_served_from_a_reload_on() -> None:
    """Those that are gone are no longer known."""
    scrapers = {"a": scraper(name="a")}
    endpoints = Endpoints(lambda: scrapers, (), clock=FixedClock())
    with running(endpoints.application()) as url:
        scrapers = {"b": scraper(name="b")}
        statuses = [get(f"{url}/probe?target={name}").status_code for name in "ab"]

    assert statuses == [404, 200]


def test_the_page_has_its_policy(serve: Callable[..., str]) -> None:
    """The headers that keep everything out but its own style."""
    headers = get(f"{serve(scraper())}/").headers

    assert HEADERS.items() <= headers.items()


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
def test_where_prometheus_client_would_fail_or_echo(
    serve: Callable[..., str], accept: str, content_type: str
) -> None:
    """What is malformed or unknown gets text 0.0.4, and what weighs more is preferred."""
    answer = get(f"{serve(scraper())}/metrics", accept=accept)

    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)


@pytest.mark.parametrize(
    ("encoding", "compressed"), [("gzip", True), ("gzip;q=0", False), ("br", False), ("x-gzip", False)]
)
def test_compression(serve: Callable[..., str], encoding: str, compressed: bool) -> None:  # noqa: FBT001 - what is expected
    """By gzip at its cheapest, for who takes it."""
    with requests.get(
        f"{serve(scraper())}/metrics", headers={"Accept-Encoding": encoding}, timeout=10, stream=True
    ) as answer:
        body = answer.raw.read(decode_content=False)

    assert (answer.headers.get("content-encoding") == "gzip") is compressed
    assert b"bycloud_up" in (gzip.decompress(body) if compressed else body)
    assert not compressed or body[8] == 4  # what RFC 1952 has for the fastest


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "FOO"])
def test_other_methods(serve: Callable[..., str], method: str) -> None:
    """They are told which are allowed, and walk nothing."""
    walked: list[None] = []

    def walk() -> WalkOutcome:
        walked.append(None)
        return SUCCESS

    url = serve(scraper(walk))
    answers = [requests.request(method, url + path, timeout=10) for path in ("/metrics", "/", "/-/healthy")]

    assert [answer.status_code for answer in answers] == [405] * 3
    assert {frozenset(answer.headers["allow"].split(", ")) for answer in answers} == {
        frozenset(("GET", "HEAD"))
    }
    assert walked == []


def test_head(serve: Callable[..., str]) -> None:
    """The headers of a GET, its length too, and no body."""
    url = f"{serve(scraper())}/metrics"
    got = get(url, accept_encoding="identity")
    head = requests.head(url, headers={"Accept-Encoding": "identity"}, timeout=10)

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.headers["content-type"] == got.headers["content-type"]


class Waiting:
    """A target whose walk ends when it is told to."""

    def __init__(self, name: str = "default") -> None:
        self.walks: list[Callable[[], None]] = []
        clock = FixedClock()
        self.scraper = Scraper(
            Target(name=name, api_key=Secret("id:secret")),
            lambda _seconds, _next, _running: SUCCESS,  # type: ignore[arg-type] # by place, as it is called
            Budget(clock=clock),
            structlog.get_logger(),
            clock=clock,
            spawn=self.walks.append,
        )

    def end(self) -> None:
        """End the walk."""
        self.walks.pop()()


def test_clients_that_leave_hold_no_place() -> None:
    """However long the time-out that they name: the next scrapes are answered while the walk still runs."""
    target = Waiting()
    refused: list[Refusal] = []
    endpoints = Endpoints(lambda: {"default": target.scraper}, (), max_requests=2, refused=refused.append)
    with running(endpoints.application()) as url:
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        for _ in range(6):
            with socket.create_connection(address, 10) as client:
                client.sendall(
                    b"GET /metrics HTTP/1.1\r\nHost: x\r\n%b: 3600\r\n\r\n" % TIMEOUT_HEADER.encode()
                )
                wait_until(lambda: endpoints.scrapes.in_flight == 1)
            wait_until(lambda: endpoints.scrapes.in_flight == 0)
        with ThreadPoolExecutor(1) as pool:
            last = pool.submit(get, f"{url}/metrics")
            wait_until(lambda: endpoints.scrapes.in_flight == 1)
            target.end()
            answer = last.result()

    assert answer.status_code == 200
    assert "bycloud_up 1.0" in answer.text
    assert refused == []


def test_refused_scrapes_are_counted() -> None:
    """Each 503 is one."""
    target = Waiting()
    refused: list[Refusal] = []
    endpoints = Endpoints(lambda: {"default": target.scraper}, (), max_requests=1, refused=refused.append)
    with running(endpoints.application()) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, f"{url}/metrics")
        wait_until(lambda: endpoints.scrapes.in_flight == 1)
        statuses = [get(f"{url}/metrics").status_code for _ in range(2)]
        target.end()
        first.result()

    assert statuses == [503, 503]
    assert refused == [Refusal.TOO_MANY_REQUESTS] * 2


def test_a_page_is_rendered_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who request it meanwhile share it, those who leave cost nothing, and scrapes go on."""
    rendered: list[None] = []
    entered, release = threading.Event(), threading.Event()

    def slow(*_: object) -> str:
        rendered.append(None)
        entered.set()
        assert release.wait(PATIENCE)
        return "a page"

    monkeypatch.setattr(web, "landing_page", slow)
    scrapers = {"default": scraper()}
    endpoints = Endpoints(lambda: scrapers, (), max_requests=30)
    with running(endpoints.application()) as url, ThreadPoolExecutor(20) as pool:
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with ExitStack() as stack:
            for number in range(1, 11):
                client = stack.enter_context(socket.create_connection(address, 10))
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                wait_until(lambda expected=number: endpoints.pages.in_flight == expected)  # type: ignore[misc]
        wait_until(lambda: endpoints.pages.in_flight == 0)
        answers = [pool.submit(get, url) for _ in range(20)]
        wait_until(lambda: endpoints.pages.in_flight == 20)
        scraped = get(f"{url}/metrics").status_code
        release.set()
        texts = {answer.result().text for answer in answers}

    assert texts == {"a page"}
    assert scraped == 200
    assert len(rendered) == 1


def test_pages_must_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than allowed is refused at once."""
    release = threading.Event()

    def slow(*_: object) -> str:
        assert release.wait(PATIENCE)
        return "a page"

    monkeypatch.setattr(web, "landing_page", slow)
    scrapers = {"default": scraper()}
    endpoints = Endpoints(lambda: scrapers, (), max_requests=1)
    with running(endpoints.application()) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, url)
        wait_until(lambda: endpoints.pages.in_flight == 1)
        second = get(url).status_code
        release.set()

    assert second == 503
    assert first.result().status_code == 200


@given(
    st.one_of(st.none(), st.text(max_size=20), st.floats().map(str), st.integers().map(str)),
    st.floats(0.001, 3600),
)
def test_no_header_makes_a_scrape_last(header: str | None, otherwise: float) -> None:
    """It takes more than nothing, and never more than two minutes or the configured time-out."""
    assert 0 < scrape_seconds(header, otherwise) <= max(otherwise, LONGEST)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nope", 404), ("POST", "/metrics", 405), ("GET", "/probe", 400), ("POST", "/-/reload", 403)],
)
def test_error_bodies_end_with_a_newline(
    serve: Callable[..., str], method: str, path: str, status: int
) -> None:
    """So that a shell shows them well."""
    answer = requests.request(method, serve(scraper()) + path, timeout=10)

    assert answer.status_code == status
    assert answer.text.endswith("\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_scrape_for_which_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a 500, and holds no place."""
    submit, failures = ThreadPoolExecutor.submit, [RuntimeError("can't start new thread")]

    def fail_once(self: ThreadPoolExecutor, *args: Any) -> Any:
        if self._thread_name_prefix == "scrape" and failures:
            raise failures.pop()
        return submit(self, *args)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", fail_once)
    scrapers = {"default": scraper()}
    endpoints = Endpoints(lambda: scrapers, (), max_requests=1, clock=FixedClock())
    with running(endpoints.application()) as url:
        statuses = [get(f"{url}/metrics").status_code for _ in range(2)]

    assert statuses == [500, 200]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "junk=1"),
        ("name[]=bycloud_up", "name[]=bycloud_up&name[]=bycloud_up&j=2"),
        ("name[]=a&name[]=b", "name[]=b&name[]=a"),
    ],
)
def test_requests_for_the_same_metrics_share_a_rendering(one: str, other: str) -> None:
    """Whatever else is in their queries: junk makes no new work."""
    assert web.metric_names(one) == web.metric_names(other)
