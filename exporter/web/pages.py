"""The pages for people."""

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from exporter.clock import Clock
from exporter.web.disconnect_callback import client_gone, on_disconnect
from exporter.web.landing import HEADERS, landing_page
from exporter.web.scrapes import Scrapers
from exporter.web.throttled import ThrottledRendering


class PageEndpoints:
    """Serves the pages, from the last results of the scrapes."""

    def __init__(self, scrapers: Scrapers, telemetry_path: str, clock: Clock) -> None:
        self._scrapers = scrapers
        self._telemetry_path = telemetry_path
        self._clock = clock
        self._landing = ThrottledRendering(self._render_landing, clock)

    def __repr__(self) -> str:
        return f"PageEndpoints({', '.join(self._scrapers())})"

    async def landing(self, request: Request) -> Response:
        """Serve the landing page, rendered once for all clients that wait for it."""
        page = self._landing.run()
        async with on_disconnect(request.receive, page.cancel):
            await asyncio.wait({page})
        return client_gone() if page.cancelled() else HTMLResponse(page.result(), headers=HEADERS)

    def _render_landing(self) -> bytes:
        page = landing_page(self._scrapers().values(), self._telemetry_path, self._clock.now())
        return page.encode()
