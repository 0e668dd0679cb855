"""The endpoints `/metrics` and `/probe`: scrapes a target, then renders its metrics."""

import asyncio
import math
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from msgspec.structs import replace
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from exporter.clock import Clock
from exporter.errors import WalkCrashedError
from exporter.metrics.collector import TargetCollector
from exporter.metrics.families import described
from exporter.metrics.negotiation import accepts_gzip, known_accept, requested_names
from exporter.metrics.render import Rendered, RenderOptions, compress, render
from exporter.printable import printable_line
from exporter.results import ScrapeResult
from exporter.target.scraper import Scraper
from exporter.web.disconnect_callback import client_gone, on_disconnect
from exporter.web.render_queue import RenderQueue

TIMEOUT_HEADER: Final = "X-Prometheus-Scrape-Timeout-Seconds"
TIMEOUT_MARGIN: Final = 0.5  # seconds between our response and the scraper's own deadline
LONGEST_TIMEOUT: Final = 120.0  # seconds that a scraper may request, unless the configured timeout is longer

Scrapers = Callable[[], Mapping[str, Scraper]]
"""Returns the scrapers of the configured targets, by target name."""


class ScrapeEndpoints:
    """Serves the metrics of targets, and of the exporter itself.

    A scrape runs in a worker thread. If the client disconnects, the scrape ends early, and the endpoint
    returns once the thread has ended.

    :param own: the collectors of the exporter's own metrics.
    :param max_scrapes: the number of worker threads.
    """

    def __init__(
        self, scrapers: Scrapers, own: Iterable[Collector], *, max_scrapes: int, clock: Clock
    ) -> None:
        self._scrapers = scrapers
        self._own = tuple(own)
        self._clock = clock
        self._threads = ThreadPoolExecutor(max_scrapes, "scrape")
        self._renderings: RenderQueue[Rendered] = RenderQueue()
        self._compressions: RenderQueue[Rendered] = RenderQueue()

    def __repr__(self) -> str:
        return f"ScrapeEndpoints({', '.join(self._scrapers())})"

    async def metrics(self, request: Request) -> Response:
        """Serve the exporter's own metrics, and the target's if there is only one."""
        scrapers = list(self._scrapers().values())
        return await self._respond(request, scrapers[0] if len(scrapers) == 1 else None, self._own)

    async def probe(self, request: Request) -> Response:
        """Serve the metrics of one configured target. The URL in a request is never a target."""
        name = request.query_params.get("target")
        if name is None:
            raise HTTPException(400, 'missing parameter "target": use /probe?target=NAME')
        scraper = self._scrapers().get(name)
        if scraper is None:
            raise HTTPException(
                404, f'unknown target "{printable_line(name)}"; GET /sd lists the configured targets'
            )
        return await self._respond(request, scraper, ())

    async def _respond(
        self, request: Request, scraper: Scraper | None, own: tuple[Collector, ...]
    ) -> Response:
        options = render_options(request)
        if not _selects_target(options):
            scraper = None
        abandoned = threading.Event()

        def abandon() -> None:
            abandoned.set()
            if scraper is not None:
                scraper.wake()

        async with on_disconnect(request.receive, abandon):
            result = await self._scrape(request, scraper, abandoned.is_set) if scraper else None
            key = _share_key(scraper, result), bool(own), options
            rendering = partial(render, (*self._target_collectors(result), *own), options)
            rendered = await self._render(request, key, rendering, abandoned.is_set)
        return client_gone() if rendered is None else Response(rendered.body, headers=rendered.headers)

    async def _render(
        self,
        request: Request,
        key: Hashable,
        rendering: Callable[[], Rendered],
        is_abandoned: Callable[[], bool],
    ) -> Rendered | None:
        """Render, and compress if the client accepts it: each once for all who wait for the same.

        :param key: equal for renderings of the same.
        :return: `None` if the client has left.
        """
        client = getattr(request.state, "client_network", "")
        rendered = await self._renderings.run(key, rendering, client, is_abandoned)
        if rendered is None or not _accepts_gzip(request):
            return rendered
        return await self._compressions.run(rendered, partial(compress, rendered), client, is_abandoned)

    async def _scrape(
        self, request: Request, scraper: Scraper, is_abandoned: Callable[[], bool]
    ) -> ScrapeResult:
        timeout = scrape_timeout(request.headers.get(TIMEOUT_HEADER), scraper.target.scrape_timeout)
        remaining = max(timeout - getattr(request.state, "queued_seconds", 0.0), 0.0)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, scraper.scrape, remaining, is_abandoned)
        except WalkCrashedError as error:  # the walk has logged the traceback
            raise HTTPException(500, str(error)) from None

    def _target_collectors(self, result: ScrapeResult | None) -> tuple[Collector, ...]:
        return () if result is None else (TargetCollector(result, clock=self._clock),)


def scrape_timeout(header: str | None, default: float) -> float:
    """Return how many seconds a scrape may take: a little less than its scraper waits.

    :param header: the value of `X-Prometheus-Scrape-Timeout-Seconds`; anything but a positive number is
        ignored.
    :param default: the target's configured timeout, in seconds.
    """
    try:
        seconds = float(header or "")
    except ValueError:
        return default
    available = max(seconds - TIMEOUT_MARGIN, seconds / 2)
    if not (math.isfinite(available) and available > 0):  # half of the smallest number is 0
        return default
    return min(available, max(default, LONGEST_TIMEOUT))


def render_options(request: Request) -> RenderOptions:
    """Return the options in the query and the headers of a request."""
    headers = request.headers
    return RenderOptions(
        names=requested_names(request.url.query),
        accept=known_accept(", ".join(headers.getlist("accept"))),
    )


def _accepts_gzip(request: Request) -> bool:
    return accepts_gzip(", ".join(request.headers.getlist("accept-encoding")))


def _selects_target(options: RenderOptions) -> bool:
    """Whether `name[]` selects any of a target's families."""
    names = options.names
    return names is None or any(family.name in names for family in described())


def _share_key(scraper: Scraper | None, result: ScrapeResult | None) -> Hashable:
    """Return a key that equal results of one target share. Hashing a snapshot would read all of it."""
    if scraper is None or result is None:
        return None
    return scraper.target.name, id(result.snapshot), replace(result, snapshot=None)
