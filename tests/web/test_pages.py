"""Tests of `exporter.web.pages`, over real sockets."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest

from exporter.web import pages
from exporter.web.application import RequestKind
from exporter.web.landing import HEADERS
from tests.support.application import address_of, get, make_app, running
from tests.support.scrape_results import scraper
from tests.support.serving import PATIENCE, wait_until


def test_the_landing_page_has_its_headers() -> None:
    """They keep everything but its own style sheet out."""
    with running(make_app(scraper())) as url:
        headers = get(f"{url}/").headers

    assert HEADERS.items() <= headers.items()
    assert headers["content-type"] == "text/html; charset=utf-8"


def test_a_page_is_rendered_once_for_all_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that wait at once share it, clients that leave hold no slot, and scrapes are served."""
    rendered: list[None] = []
    release = threading.Event()

    def slow(*_: object) -> str:
        rendered.append(None)
        assert release.wait(PATIENCE)
        return "a page"

    monkeypatch.setattr(pages, "landing_page", slow)
    app = make_app(scraper(), max_requests=30)

    def in_flight(expected: int) -> bool:
        return app.in_flight(RequestKind.PAGE) == expected

    with running(app) as url, ThreadPoolExecutor(20) as pool:
        with ExitStack() as stack:
            for number in range(1, 11):
                client = stack.enter_context(socket.create_connection(address_of(url), 10))
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                wait_until(partial(in_flight, number))
        wait_until(partial(in_flight, 0))
        responses = [pool.submit(get, url) for _ in range(20)]
        wait_until(partial(in_flight, 20))
        scraped = get(f"{url}/metrics").status_code
        release.set()
        texts = {response.result().text for response in responses}

    assert texts == {"a page"}
    assert scraped == 200
    assert len(rendered) == 1


def test_pages_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages have a limit of their own."""
    release = threading.Event()

    def slow(*_: object) -> str:
        assert release.wait(PATIENCE)
        return "a page"

    monkeypatch.setattr(pages, "landing_page", slow)
    app = make_app(scraper(), max_requests=1)
    with running(app) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, url)
        wait_until(lambda: app.in_flight(RequestKind.PAGE) == 1)
        second = get(url).status_code
        release.set()

    assert second == 503
    assert first.result().status_code == 200
