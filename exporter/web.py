"""The HTTP endpoints. Whatever may wait, for a walk or for the processor, runs in a worker thread."""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter.clock import Clock
from exporter.collector import TargetCollector
from exporter.landing import landing_page
from exporter.scrape import Scraper

TIMEOUT_HEADER: Final = "X-Prometheus-Scrape-Timeout-Seconds"
MARGIN: Final = 0.5  # seconds between our answer and the scraper's own deadline
LONGEST: Final = 3600.0  # seconds; a scraper that names more is not taken at its word


class Endpoints:
    """The endpoints over the targets' scrapers and the exporter's own collectors."""

    def __init__(
        self,
        scrapers: Mapping[str, Scraper],
        own: Iterable[Collector],
        *,
        telemetry_path: str = "/metrics",
        max_requests: int = 40,
        clock: Clock | None = None,
    ) -> None:
        self._scrapers = scrapers
        self._own = tuple(own)
        self._telemetry_path = telemetry_path
        self._clock = clock or Clock()
        self._free = max_requests
        self._threads = ThreadPoolExecutor(max_requests, "scrape")  # of its own: Starlette's has 40 for all

    def application(self) -> Starlette:
        """Return the ASGI application."""
        app = Starlette(
            routes=[
                Route("/", self.landing),
                Route(self._telemetry_path, self.metrics),
                Route("/probe", self.probe),
                Route("/-/healthy", _healthy),
                Route("/-/ready", _healthy),
            ]
        )
        app.router.redirect_slashes = False
        return app

    async def landing(self, _: Request) -> Response:
        """Serve the page for people."""
        page = await run_in_threadpool(
            landing_page, self._scrapers.values(), self._telemetry_path, self._clock.now()
        )
        return HTMLResponse(page)

    async def metrics(self, request: Request) -> Response:
        """Serve the exporter's own metrics, and the target's where there is but one."""
        only = list(self._scrapers.values()) if len(self._scrapers) == 1 else []
        return await self._scrape(
            request, [*(self._collector(scraper, request) for scraper in only), *self._own]
        )

    async def probe(self, request: Request) -> Response:
        """Serve one configured target's metrics; never those of an address that a request names."""
        name = request.query_params.get("target")
        if name is None:
            raise HTTPException(400, "the parameter target is missing: /probe?target=NAME")
        if name not in self._scrapers:
            raise HTTPException(404, "no such target is configured")
        return await self._scrape(request, [self._collector(self._scrapers[name], request)])

    def _collector(self, scraper: Scraper, request: Request) -> Collector:
        seconds = scrape_seconds(request.headers.get(TIMEOUT_HEADER), scraper.target.scrape_timeout)
        return TargetCollector(lambda: scraper.scrape(seconds), clock=self._clock)

    async def _scrape(self, request: Request, collectors: Iterable[Collector]) -> Response:
        """Render in a worker thread; refuse more at once than allowed: scrapers must not pile up."""
        if self._free < 1:
            raise HTTPException(503, "too many requests at once: see --web.max-requests")
        self._free -= 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _render, request, collectors)
        finally:
            self._free += 1


def scrape_seconds(header: str | None, otherwise: float) -> float:
    """Return how long a scrape may take: a little less than the scraper says it waits."""
    try:
        seconds = float(header or "")
    except ValueError:
        return otherwise
    if not (math.isfinite(seconds) and seconds > 0):
        return otherwise
    return min(max(seconds - MARGIN, seconds / 2), LONGEST)


def _render(request: Request, collectors: Iterable[Collector]) -> Response:
    """Let prometheus_client's own endpoint answer, over a registry made for this request."""
    registry = CollectorRegistry(auto_describe=True)
    for collector in collectors:
        registry.register(collector)
    return _call_wsgi(make_wsgi_app(registry), request)


def _call_wsgi(app: Callable[..., Iterable[bytes]], request: Request) -> Response:
    answer: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        answer.update(status_code=int(status.split(maxsplit=1)[0]), headers=dict(headers))

    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/metrics",
        "QUERY_STRING": request.url.query,
        "HTTP_ACCEPT": request.headers.get("accept", ""),
        "HTTP_ACCEPT_ENCODING": request.headers.get("accept-encoding", ""),
    }
    body = b"".join(app(environ, start_response))
    return Response(body, **answer)


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("OK\n")
