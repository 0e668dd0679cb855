"""Tests of `exporter.web.pages`, over real sockets."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from html import unescape
from typing import Final
from urllib.parse import urljoin

import pytest
import requests
from msgspec.structs import replace

from exporter.results import DatabaseAssessment
from exporter.target import Scraper, WalkOutcome
from exporter.web import pages
from exporter.web.application import RequestKind
from exporter.web.links import database_link
from exporter.web.templating import HEADERS
from tests.support.application import address_of, get, make_app, running
from tests.support.html import Page
from tests.support.scrape_results import ASSESSMENT, SNAPSHOT, SUCCESS, scraper
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


PATH: Final = f"/databases/default/{ASSESSMENT.instance_id}"


def walked(*ids: str, name: str = "default") -> Scraper:
    """Return a scraper that has walked and found databases of these ids."""
    databases = tuple(replace(ASSESSMENT, instance_id=instance_id, instance_name=None) for instance_id in ids)
    found = scraper(lambda: replace(SUCCESS, result=replace(SNAPSHOT, assessments=databases)), name=name)
    found.scrape(1)
    return found


def test_the_page_of_a_database_has_its_headers() -> None:
    """They are those of the landing page; the page starts no walk."""
    walks: list[WalkOutcome] = []

    def walk() -> WalkOutcome:
        walks.append(SUCCESS)
        return SUCCESS

    found = scraper(walk)
    found.scrape(1)
    with running(make_app(found)) as url:
        response = get(f"{url}{PATH}")
        head = requests.head(f"{url}{PATH}", timeout=60)

    assert response.status_code == head.status_code == 200
    assert HEADERS.items() <= response.headers.items()
    assert Page(response.text).heading == "orders-db"
    assert len(walks) == 1


ODD: Final = ("a/b", "a%2Fb", "?", "#", "a b", "\n", "é", "%", "..a", "\u202e", "a" * 4000, "💾", "'\"<>&")


def test_ids_of_any_characters_have_a_page() -> None:
    """The link from the landing page leads to it, over a real socket."""
    with running(make_app(walked(*ODD, name="a/b"))) as url:
        links = {instance_id: database_link("a/b", instance_id) for instance_id in ODD}
        pages = {instance_id: get(urljoin(f"{url}/", link)) for instance_id, link in links.items() if link}

    assert {instance_id: page.status_code for instance_id, page in pages.items()} == dict.fromkeys(ODD, 200)
    assert all(f"<h1>{instance_id}</h1>" in unescape(pages[instance_id].text) for instance_id in ODD)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/databases/default/x%0Ay", 404, 'unknown database "x\\ny" in target "default"'),
        ("/databases/west/7", 404, 'unknown target "west"; GET /sd lists the targets'),
        ("/databases/default/%FF", 404, "not a database: use /databases/TARGET/INSTANCE_ID, percent-encoded"),
        ("/databases/default/a/b", 404, "not a database: use /databases/TARGET/INSTANCE_ID, percent-encoded"),
        ("/databases/new/7", 503, 'no data of target "new" yet: no walk was complete'),
    ],
)
def test_an_unknown_database_is_not_found(path: str, status: int, message: str) -> None:
    """The response is one line that says what is unknown."""
    with running(make_app(walked("7"), scraper(name="new"))) as url:
        response = get(f"{url}{path}")

    assert response.status_code == status
    assert response.text == f"{message}\n"


def test_an_error_message_repeats_little_of_a_long_path() -> None:
    """A client cannot make it long."""
    with running(make_app(walked("7"))) as url:
        assert len(get(f"{url}/databases/default/{'x' * 5000}").text) < 300


def test_many_pages_do_not_delay_a_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are rendered one at a time in a thread of their own, and scrapes are served meanwhile."""
    release, rendered = threading.Event(), list[str]()

    def slow(_: str, database: DatabaseAssessment, *__: object) -> str:
        rendered.append(database.instance_id)
        assert release.wait(PATIENCE)
        return "a page"

    monkeypatch.setattr(pages, "database_page", slow)
    ids = [str(number) for number in range(20)]
    app = make_app(walked(*ids), max_requests=20)
    with running(app) as url, ThreadPoolExecutor(20) as pool:
        responses = [pool.submit(get, f"{url}/databases/default/{instance_id}") for instance_id in ids]
        wait_until(lambda: app.in_flight(RequestKind.PAGE) == 20 and bool(rendered))
        scraped, started = get(f"{url}/metrics").status_code, len(rendered)
        release.set()
        statuses = {response.result().status_code for response in responses}

    assert (scraped, started, statuses) == (200, 1, {200})
    assert sorted(rendered) == sorted(ids)


def test_a_page_that_nobody_waits_for_is_not_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that leaves the queue costs nothing."""
    release, rendered = threading.Event(), list[str]()

    def slow(_: str, database: DatabaseAssessment, *__: object) -> str:
        rendered.append(database.instance_id)
        assert release.wait(PATIENCE)
        return "a page"

    monkeypatch.setattr(pages, "database_page", slow)
    app = make_app(walked("first", "left"))
    with running(app) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, f"{url}/databases/default/first")
        wait_until(lambda: bool(rendered))
        with socket.create_connection(address_of(url), 10) as client:
            client.sendall(b"GET /databases/default/left HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_until(lambda: app.in_flight(RequestKind.PAGE) == 2)
        get(f"{url}/-/healthy")
        release.set()
        first.result()
        wait_until(lambda: app.in_flight(RequestKind.PAGE) == 0)

    assert rendered == ["first"]
