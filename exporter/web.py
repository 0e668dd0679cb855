"""The HTTP endpoints. Whatever may wait, for a walk or for the processor, runs in a worker thread."""

import asyncio
import gzip
import math
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import parse_qs

from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter.clock import Clock
from exporter.collector import TargetCollector
from exporter.discovery import Place, is_address, target_groups
from exporter.errors import ConfigError, WalkCrashedError
from exporter.exposition import hastened
from exporter.families import described
from exporter.landing import HEADERS, landing_page
from exporter.negotiation import known_accept, takes_gzip
from exporter.renders import Renders
from exporter.scrape import Scraper

TIMEOUT_HEADER: Final = "X-Prometheus-Scrape-Timeout-Seconds"
MARGIN: Final = 0.5  # seconds between our answer and the scraper's own deadline
GZIP_LEVEL: Final = 1  # level 9 takes seven times as long for a body that is hardly smaller
LONGEST: Final = 3600.0  # seconds; a scraper that names more is not taken at its word


Lifecycle = Callable[[], None]
"""Reloads, or raises the `ConfigError` that says why not."""


class Rendered(Struct, frozen=True):
    """The body of an answer, and what it is."""

    body: bytes
    headers: dict[str, str]


class Endpoints:
    """The endpoints over the targets' scrapers and the exporter's own collectors."""

    def __init__(  # noqa: PLR0913 - the options of the command line, each by name
        self,
        scrapers: Mapping[str, Scraper],
        own: Iterable[Collector],
        *,
        telemetry_path: str = "/metrics",
        max_requests: int = 40,
        lifecycle: Lifecycle | None = None,
        place: Place | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._scrapers = scrapers
        self._own = tuple(own)
        self._telemetry_path = telemetry_path
        self._clock = clock or Clock()
        self._lifecycle = lifecycle
        self._place = place
        self._free = max_requests
        self._renders: Renders[Rendered] = Renders()
        self._threads = ThreadPoolExecutor(max_requests, "scrape")  # of its own: Starlette's has 40 for all

    def application(self) -> Starlette:
        """Return the ASGI application."""
        app = Starlette(
            routes=[
                Route("/", self.landing),
                Route(self._telemetry_path, self.metrics),
                Route("/probe", self.probe),
                Route("/sd", self.discovery),
                Route("/-/reload", self.reload, methods=["POST", "PUT"]),
                Route("/-/healthy", _healthy),
                Route("/-/ready", _healthy),
            ]
        )
        app.router.redirect_slashes = False
        return app

    def replace(self, scrapers: Mapping[str, Scraper]) -> None:
        """Serve these from now on."""
        self._scrapers = scrapers

    async def discovery(self, request: Request) -> Response:
        """Tell Prometheus of every target's probe, at the address that it is to use for us."""
        place = self._place
        if place is None:
            host = request.headers.get("host", "")
            if not is_address(host):
                raise HTTPException(400, "no plain Host in the request: see --web.external-url")
            place = Place(request.url.scheme, host)
        return JSONResponse(target_groups(self._scrapers, place))

    async def reload(self, _: Request) -> Response:
        """Read the configuration anew, where that is allowed to whoever reaches the port."""
        if self._lifecycle is None:
            raise HTTPException(403, "not enabled: see --web.enable-lifecycle")
        try:
            await run_in_threadpool(self._lifecycle)
        except ConfigError as error:
            raise HTTPException(500, f"the old configuration stays: {error}") from None
        return PlainTextResponse("OK\n")

    async def landing(self, _: Request) -> Response:
        """Serve the page for people."""
        page = await run_in_threadpool(
            landing_page, self._scrapers.values(), self._telemetry_path, self._clock.now()
        )
        return HTMLResponse(page, headers=HEADERS)

    async def metrics(self, request: Request) -> Response:
        """Serve the exporter's own metrics, and the target's where there is but one."""
        scrapers = list(self._scrapers.values())
        only = scrapers[0] if len(scrapers) == 1 else None
        return await self._respond(request, only, self._own)

    async def probe(self, request: Request) -> Response:
        """Serve one configured target's metrics; never those of an address that a request names."""
        name = request.query_params.get("target")
        if name is None:
            raise HTTPException(400, "the parameter target is missing: /probe?target=NAME")
        if name not in self._scrapers:
            raise HTTPException(404, "no such target is configured: /sd names them")
        return await self._respond(request, self._scrapers[name], ())

    async def _respond(
        self, request: Request, scraper: Scraper | None, own: tuple[Collector, ...]
    ) -> Response:
        """Scrape in a worker thread; refuse more at once than allowed: scrapers must not pile up."""
        if self._free < 1:
            raise HTTPException(503, "too many requests at once: see --web.max-requests")
        self._free -= 1
        try:
            loop = asyncio.get_running_loop()
            rendered = await loop.run_in_executor(self._threads, self._scrape, request, scraper, own)
        finally:
            self._free += 1
        return Response(rendered.body, headers=rendered.headers)

    def _scrape(self, request: Request, scraper: Scraper | None, own: tuple[Collector, ...]) -> Rendered:
        """Wait for the target's answer where the request asks for it, then render, or share a rendering."""
        query = request.url.query
        accept = known_accept(", ".join(request.headers.getlist("accept")))
        gzipped = takes_gzip(", ".join(request.headers.getlist("accept-encoding")))
        if scraper is None or not _is_asked_for(query):
            return self._renders.share((query, accept, gzipped), lambda: _render(own, query, accept, gzipped))
        name = scraper.target.name
        seconds = scrape_seconds(request.headers.get(TIMEOUT_HEADER), scraper.target.scrape_timeout)
        try:
            answer = scraper.scrape(seconds)
        except WalkCrashedError as error:  # whose traceback is logged already, once
            raise HTTPException(500, str(error)) from None
        seen = (
            id(answer.snapshot),
            replace(answer, snapshot=None),
        )  # hashing a snapshot would read all of it
        collectors = (TargetCollector(lambda: answer, clock=self._clock), *own)
        return self._renders.share(
            (name, bool(own), seen, query, accept, gzipped),
            lambda: _render(collectors, query, accept, gzipped),
        )


def scrape_seconds(header: str | None, otherwise: float) -> float:
    """Return how long a scrape may take: a little less than the scraper says it waits."""
    try:
        seconds = float(header or "")
    except ValueError:
        return otherwise
    if not (math.isfinite(seconds) and seconds > 0):
        return otherwise
    return min(max(seconds - MARGIN, seconds / 2), LONGEST)


def _is_asked_for(query: str) -> bool:
    """Say whether `name[]` leaves anything of a target."""
    names = parse_qs(query).get("name[]")
    return names is None or any(family.name in names for family in described())


def _render(collectors: Iterable[Collector], query: str, accept: str, gzipped: bool) -> Rendered:  # noqa: FBT001 - by place
    """Answer as prometheus_client's own endpoint does, over a registry made for this rendering."""
    registry = CollectorRegistry(auto_describe=True)
    for collector in collectors:
        registry.register(collector)
    names = parse_qs(query).get("name[]")
    encoder, content_type = choose_encoder(accept)
    encode = hastened(encoder, content_type)
    body = encode(registry if names is None else registry.restricted_registry(names))
    headers = {"Content-Type": content_type}
    if gzipped:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
    return Rendered(body, headers)


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("OK\n")
