"""Tests of `exporter.web.application`, over real sockets."""

import pytest
import requests

from exporter.target import WalkOutcome
from exporter.target.scraper import Scraper
from exporter.web.application import create_application, request_kind
from exporter.web.discovery import DiscoveryEndpoint
from exporter.web.lifecycle import LifecycleEndpoints
from exporter.web.pages import PageEndpoints
from exporter.web.scrapes import ScrapeEndpoints
from exporter.web.throttled import ThrottledRendering
from tests.support.application import get, make_app, running
from tests.support.scrape_results import SUCCESS, FixedClock, scraper


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/metrics/",
        "/probe/",
        "/-/healthy/",
        "/-/",
        "/sd/x",
        "//",
        "/favicon.ico",
        "/databases",
        "/databases/",
        "/databases/default",
        "/databases/a/b/c",
    ],
)
def test_other_paths_are_not_found(path: str) -> None:
    """A slash too many is not redirected."""
    with running(make_app(scraper())) as url:
        assert get(url + path).status_code == 404


def test_the_telemetry_path_can_be_chosen() -> None:
    """The landing page links to it."""
    with running(make_app(scraper(), telemetry_path="/other")) as url:
        assert 'href="./other"' in get(f"{url}/").text
        assert get(f"{url}/other").status_code == 200
        assert get(f"{url}/metrics").status_code == 404
        assert requests.post(f"{url}/other", timeout=5).status_code == 405
        assert requests.head(f"{url}/other", timeout=5).text == ""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "FOO"])
def test_other_methods_are_not_allowed(method: str) -> None:
    """The response names the methods that are, and no walk starts."""
    walked: list[None] = []

    def walk() -> WalkOutcome:
        walked.append(None)
        return SUCCESS

    with running(make_app(scraper(walk))) as url:
        paths = ("/metrics", "/", "/databases/default/7", "/-/healthy")
        responses = [requests.request(method, url + path, timeout=60) for path in paths]

    assert [response.status_code for response in responses] == [405] * 4
    assert {frozenset(response.headers["allow"].split(", ")) for response in responses} == {
        frozenset(("GET", "HEAD"))
    }
    assert walked == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nope", 404), ("POST", "/metrics", 405), ("GET", "/probe", 400), ("POST", "/-/reload", 403)],
)
def test_error_bodies_are_one_line(method: str, path: str, status: int) -> None:
    """They end with a newline, as a shell expects."""
    with running(make_app(scraper())) as url:
        response = requests.request(method, url + path, timeout=60)

    assert response.status_code == status
    assert response.text.endswith("\n")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_reload_replaces_the_targets() -> None:
    """A target that is gone is unknown."""
    scrapers = {"a": scraper(name="a")}
    app = create_application(
        lambda: scrapers, (), telemetry_path="/metrics", max_requests=40, clock=FixedClock()
    )
    with running(app) as url:
        scrapers = {"b": scraper(name="b")}
        statuses = [get(f"{url}/probe?target={name}").status_code for name in "ab"]

    assert statuses == [404, 200]


def test_endpoints_show_what_they_serve() -> None:
    """Their `repr` is for debugging."""
    clock = FixedClock()

    def scrapers() -> dict[str, Scraper]:
        return {"a": scraper(name="a"), "b": scraper(name="b")}

    assert repr(ScrapeEndpoints(scrapers, (), max_scrapes=1, clock=clock)) == "ScrapeEndpoints(a, b)"
    assert repr(PageEndpoints(scrapers, "/metrics", clock)) == "PageEndpoints(a, b)"
    assert repr(DiscoveryEndpoint(scrapers, None)) == "DiscoveryEndpoint(None)"
    assert repr(LifecycleEndpoints(None)) == "LifecycleEndpoints(None)"
    assert repr(ThrottledRendering(str, clock)) == "ThrottledRendering(None)"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/other", "scrape"),
        ("/probe", "scrape"),
        ("/", "page"),
        ("/databases/a/b", "page"),
        ("/metrics", None),
        ("/-/healthy", None),
        ("/-/ready", None),
        ("/sd", None),
    ],
)
def test_scrapes_and_pages_are_limited_and_nothing_else(path: str, kind: str | None) -> None:
    """Health is served however many requests are in flight."""
    assert request_kind(path, "/other") == kind
