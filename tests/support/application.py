"""The endpoints over real sockets, and targets for them."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import requests
import structlog
import uvicorn
from prometheus_client.registry import Collector
from starlette.types import ASGIApp

from exporter.api.budget import Budget
from exporter.config import Secret, Target
from exporter.server.concurrency import ConcurrencyLimitMiddleware
from exporter.server.refusals import CountRefusal, ignore_refusal
from exporter.server.run import listen, port_of
from exporter.target.scraper import Scraper
from exporter.web.application import create_application, request_kind
from exporter.web.external_url import ExternalUrl
from tests.support.scrape_results import SUCCESS, FixedClock


def make_app(  # noqa: PLR0913 - the application's options, each by name
    *scrapers: Scraper,
    own: Iterable[Collector] = (),
    telemetry_path: str = "/metrics",
    max_requests: int = 40,
    reload: Callable[[], None] | None = None,
    external_url: ExternalUrl | None = None,
    count_refusal: CountRefusal = ignore_refusal,
) -> ConcurrencyLimitMiddleware:
    """Return the application for these scrapers, behind the limit on concurrent requests."""
    by_name = {scraper.target.name: scraper for scraper in scrapers}
    app = create_application(
        lambda: by_name,
        own,
        telemetry_path=telemetry_path,
        max_requests=max_requests,
        reload=reload,
        external_url=external_url,
        clock=FixedClock(),
    )
    kind_of = partial(request_kind, telemetry_path=telemetry_path)
    return ConcurrencyLimitMiddleware(app, max_requests, kind_of, count_refusal=count_refusal)


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve on a free port for the duration of the block, and return the URL."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    with listen("127.0.0.1:0") as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port_of(listener)}"
        finally:
            server.should_exit = True
            thread.join()


def get(url: str, **headers: str | None) -> requests.Response:
    """Fetch without following redirects; a header that is None is not sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers=named, timeout=60, allow_redirects=False)


def address_of(url: str) -> tuple[str, int]:
    """Return the address of a server on this host."""
    return "127.0.0.1", int(url.rpartition(":")[2])


class WaitingTarget:
    """A target whose walk ends when a test says so."""

    def __init__(self, name: str = "default") -> None:
        self.walks: list[Callable[[], None]] = []
        clock = FixedClock()
        self.scraper = Scraper(
            Target(name=name, api_key=Secret("id:secret")),
            lambda _seconds, _next, _running: SUCCESS,
            Budget(clock=clock),
            structlog.get_logger(),
            clock=clock,
            spawn=self.walks.append,
        )

    def end(self) -> None:
        """End the walk."""
        self.walks.pop()()

    def end_until(self, condition: Callable[[], bool]) -> bool:
        """End the walk, if there is one; return the condition. A scrape may be about to start a walk."""
        if self.walks:
            self.end()
        return condition()
