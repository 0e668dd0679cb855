"""The pages for people."""

import asyncio
import threading
from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from exporter.clock import Clock
from exporter.printable import printable_line
from exporter.web.database import database_page
from exporter.web.disconnect_callback import client_gone, on_disconnect
from exporter.web.landing import landing_page
from exporter.web.links import DatabaseAddress, parse_database_path
from exporter.web.render_queue import RenderQueue
from exporter.web.scrapes import Scrapers
from exporter.web.staleness import as_outdated_if_stale
from exporter.web.templating import HEADERS
from exporter.web.throttled import PAUSE_FACTOR, ThrottledRendering

LONGEST_NAME: Final = 200  # characters of a request that an error message repeats


class PageEndpoints:
    """Serves the pages, from the last results of the scrapes."""

    def __init__(self, scrapers: Scrapers, telemetry_path: str, clock: Clock) -> None:
        self._scrapers = scrapers
        self._telemetry_path = telemetry_path
        self._clock = clock
        self._landing = ThrottledRendering(self._render_landing, clock)
        self._databases: RenderQueue[bytes] = RenderQueue(PAUSE_FACTOR, clock)

    def __repr__(self) -> str:
        return f"PageEndpoints({', '.join(self._scrapers())})"

    async def landing(self, request: Request) -> Response:
        """Serve the landing page, rendered once for all clients that wait for it."""
        page = self._landing.run()
        async with on_disconnect(request.receive, page.cancel):
            await asyncio.wait({page})
        return client_gone() if page.cancelled() else HTMLResponse(page.result(), headers=HEADERS)

    async def database(self, request: Request) -> Response:
        """Serve the page of one database. Pages are rendered one at a time, and clients take turns."""
        address = parse_database_path(request.scope["raw_path"])
        if address is None:
            raise HTTPException(404, "not a database: use /databases/TARGET/INSTANCE_ID, percent-encoded")
        client, left = getattr(request.state, "client_network", ""), threading.Event()
        async with on_disconnect(request.receive, left.set):
            rendering = partial(self._render_database, address)
            page = await self._databases.run(address, rendering, client, left.is_set)
        return client_gone() if page is None else HTMLResponse(page, headers=HEADERS)

    def _render_landing(self) -> bytes:
        statuses = {
            name: as_outdated_if_stale(scraper.status(), self._clock.now())
            for name, scraper in self._scrapers().items()
        }
        return landing_page(statuses, self._telemetry_path, self._clock.now()).encode()

    def _render_database(self, address: DatabaseAddress) -> bytes:
        scraper = self._scrapers().get(address.target)
        if scraper is None:
            raise HTTPException(404, f"unknown target {_quoted(address.target)}; GET /sd lists the targets")
        status = as_outdated_if_stale(scraper.status(), self._clock.now())
        if status.snapshot is None:
            raise HTTPException(503, f"no data of target {_quoted(address.target)} yet: no walk was complete")
        for database in status.snapshot.assessments:
            if database.instance_id == address.instance_id:
                return database_page(address.target, database, status, self._clock.now()).encode()
        raise HTTPException(
            404, f"unknown database {_quoted(address.instance_id)} in target {_quoted(address.target)}"
        )


def _quoted(name: str) -> str:
    return f'"{printable_line(name, LONGEST_NAME)}"'
