"""The HTTP endpoints. Whatever may wait, for a walk or for the processor, runs in a worker thread."""

import asyncio
import gzip
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
from exporter.errors import ConfigError, WalkCrashedError
from exporter.metrics.collector import TargetCollector
from exporter.metrics.exposition import fast_encoder
from exporter.metrics.families import described
from exporter.metrics.negotiation import known_accept, takes_gzip
from exporter.server.refusals import CountRefusal, ignore_refusal
from exporter.server.slots import Slots, TooManyRequestsError, unless_gone
from exporter.target import Scraper
from exporter.web.discovery import ExternalUrl, is_address, target_groups
from exporter.web.landing import HEADERS, landing_page
from exporter.web.single_flight import LatestRendering, SingleFlight

TIMEOUT_HEADER: Final = "X-Prometheus-Scrape-Timeout-Seconds"
MARGIN: Final = 0.5  # seconds between our answer and the scraper's own deadline
GZIP_LEVEL: Final = 1  # level 9 takes seven times as long for a body that is hardly smaller
LONGEST: Final = 120.0  # seconds that a scraper may ask for, where the configured time-out is no longer
GONE: Final = 499  # the status, in the log alone, of a response to a client that has disconnected


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
        scrapers: Callable[[], Mapping[str, Scraper]],
        own: Iterable[Collector],
        *,
        telemetry_path: str = "/metrics",
        max_requests: int = 40,
        lifecycle: Lifecycle | None = None,
        place: ExternalUrl | None = None,
        refused: CountRefusal = ignore_refusal,
        clock: Clock | None = None,
    ) -> None:
        self._scrapers = scrapers
        self._own = tuple(own)
        self._telemetry_path = telemetry_path
        self._clock = clock or Clock()
        self._lifecycle = lifecycle
        self._place = place
        self.scrapes = Slots(max_requests, refused)
        self.pages = Slots(max_requests, refused)
        self._page = LatestRendering(self._render_page, self._clock)
        self._renders: SingleFlight[Rendered] = SingleFlight()
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
            ],
            exception_handlers={
                HTTPException: _explain,
                TooManyRequestsError: _refuse,
                Exception: _bug,
            },
        )
        app.router.redirect_slashes = False
        return app

    async def discovery(self, request: Request) -> Response:
        """Tell Prometheus of every target's probe, at the address that it is to use for us."""
        place = self._place
        if place is None:
            host = request.headers.get("host", "")
            if not is_address(host):
                raise HTTPException(400, "no plain Host in the request: see --web.external-url")
            place = ExternalUrl(request.url.scheme, host)
        return JSONResponse(target_groups(self._scrapers(), place))

    async def reload(self, _: Request) -> Response:
        """Read the configuration anew, where that is allowed to whoever reaches the port."""
        if self._lifecycle is None:
            raise HTTPException(403, "not enabled: see --web.enable-lifecycle")
        try:
            await run_in_threadpool(self._lifecycle)
        except ConfigError as error:
            raise HTTPException(500, f"the old configuration stays: {error}") from None
        return PlainTextResponse("OK\n")

    async def landing(self, request: Request) -> Response:
        """Serve the page for people."""
        async with self.pages.taken(_client(request)):
            page = await unless_gone(request.receive, self._page.share())
        return _gone() if page is None else HTMLResponse(page, headers=HEADERS)

    def _render_page(self) -> bytes:
        return landing_page(self._scrapers().values(), self._telemetry_path, self._clock.now()).encode()

    async def metrics(self, request: Request) -> Response:
        """Serve the exporter's own metrics, and the target's where there is but one."""
        scrapers = list(self._scrapers().values())
        only = scrapers[0] if len(scrapers) == 1 else None
        return await self._respond(request, only, self._own)

    async def probe(self, request: Request) -> Response:
        """Serve one configured target's metrics; never those of an address that a request names."""
        name = request.query_params.get("target")
        if name is None:
            raise HTTPException(400, "the parameter target is missing: /probe?target=NAME")
        scrapers = self._scrapers()
        if name not in scrapers:
            raise HTTPException(404, "no such target is configured: /sd names them")
        return await self._respond(request, scrapers[name], ())

    async def _respond(
        self, request: Request, scraper: Scraper | None, own: tuple[Collector, ...]
    ) -> Response:
        """Scrape in a worker thread, which holds its place until it ends: early, if the client leaves."""
        is_gone, arrived = threading.Event(), self._clock.monotonic()
        taking = asyncio.ensure_future(self.scrapes.take(_client(request)))
        if not await unless_gone(request.receive, taking):
            return _gone()
        waited = self._clock.monotonic() - arrived
        try:
            work = self._threads.submit(self._scrape, request, scraper, own, is_gone.is_set, waited)
        except RuntimeError:  # no thread can be started
            self.scrapes.free()
            raise
        loop = asyncio.get_running_loop()
        work.add_done_callback(lambda _: _call_in(loop, self.scrapes.free))
        rendered = await unless_gone(request.receive, asyncio.wrap_future(work))
        if rendered is None:
            is_gone.set()
            if scraper is not None:
                scraper.wake()
            return _gone()
        return Response(rendered.body, headers=rendered.headers)

    def _scrape(
        self,
        request: Request,
        scraper: Scraper | None,
        own: tuple[Collector, ...],
        is_gone: Callable[[], bool],
        waited: float,
    ) -> Rendered | None:
        """Wait for the target's answer where the request asks for it, then render, or share a rendering.

        `waited` is how many of the scrape's seconds the request has waited for its place.
        """
        names = metric_names(request.url.query)
        accept = known_accept(", ".join(request.headers.getlist("accept")))
        gzipped = takes_gzip(", ".join(request.headers.getlist("accept-encoding")))
        if scraper is None or not _is_asked_for(names):
            return self._renders.share((names, accept, gzipped), lambda: _render(own, names, accept, gzipped))
        name = scraper.target.name
        seconds = scrape_seconds(request.headers.get(TIMEOUT_HEADER), scraper.target.scrape_timeout)
        try:
            answer = scraper.scrape(max(seconds - waited, 0.0), is_gone)
        except WalkCrashedError as error:  # whose traceback is logged already, once
            raise HTTPException(500, str(error)) from None
        if is_gone():
            return None
        seen = (
            id(answer.snapshot),
            replace(answer, snapshot=None),
        )  # hashing a snapshot would read all of it
        collectors = (TargetCollector(lambda: answer, clock=self._clock), *own)
        return self._renders.share(
            (name, bool(own), seen, names, accept, gzipped),
            lambda: _render(collectors, names, accept, gzipped),
        )


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Call in a loop, from any thread; not if the loop has ended."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)


def scrape_seconds(header: str | None, otherwise: float) -> float:
    """Return how long a scrape may take: a little less than the scraper says it waits, and not for hours."""
    try:
        seconds = float(header or "")
    except ValueError:
        return otherwise
    if not (math.isfinite(seconds) and seconds > 0):
        return otherwise
    return min(max(seconds - MARGIN, seconds / 2), max(otherwise, LONGEST))


Names = frozenset[str] | None
"""The metrics that a request asks for by `name[]`; `None` is all."""


def metric_names(query: str) -> Names:
    """Return what `name[]` asks for in a query."""
    names = parse_qs(query).get("name[]")
    return None if names is None else frozenset(names)


def _is_asked_for(names: Names) -> bool:
    """Say whether `name[]` leaves anything of a target."""
    return names is None or any(family.name in names for family in described())


def _render(collectors: Iterable[Collector], names: Names, accept: str, gzipped: bool) -> Rendered:  # noqa: FBT001 - by place
    """Answer as prometheus_client's own endpoint does, over a registry made for this rendering."""
    registry = CollectorRegistry(auto_describe=True)
    for collector in collectors:
        registry.register(collector)
    encoder, content_type = choose_encoder(accept)
    encode = fast_encoder(encoder, content_type)
    body = encode(registry if names is None else registry.restricted_registry(sorted(names)))
    headers = {"Content-Type": content_type}
    if gzipped:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
    return Rendered(body, headers)


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("OK\n")


def _gone() -> Response:
    return Response(status_code=GONE)


async def _explain(_: Request, error: Exception) -> Response:
    """Answer with what is wrong, in a line."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as it is registered
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)


async def _refuse(_: Request, _error: Exception) -> Response:
    return PlainTextResponse("too many requests at once: see --web.max-requests\n", 503)


async def _bug(_: Request, _error: Exception) -> Response:
    return PlainTextResponse("Internal Server Error\n", 500)
