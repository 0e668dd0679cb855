"""The ASGI application: routes and error responses."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.clock import Clock
from exporter.web.discovery import DiscoveryEndpoint
from exporter.web.external_url import ExternalUrl
from exporter.web.lifecycle import LifecycleEndpoints
from exporter.web.links import DATABASES
from exporter.web.pages import PageEndpoints
from exporter.web.scrapes import ScrapeEndpoints, Scrapers


class RequestKind(StrEnum):
    """The kinds of expensive requests. Each kind has its own limit."""

    SCRAPE = "scrape"
    PAGE = "page"


def request_kind(path: str, telemetry_path: str) -> RequestKind | None:
    """Return the kind of a request for `path`; `None` for health and other cheap endpoints."""
    if path in {telemetry_path, "/probe"}:
        return RequestKind.SCRAPE
    return RequestKind.PAGE if path == "/" or path.startswith(DATABASES) else None


class _AnyConvertor(Convertor[str]):
    """Matches any text. Starlette's `path` matches no line break, but an id may hold one."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("any", _AnyConvertor())


def create_application(  # noqa: PLR0913 - the options of the command line, each by name
    scrapers: Scrapers,
    own: Iterable[Collector],
    *,
    telemetry_path: str,
    max_requests: int,
    reload: Callable[[], None] | None = None,
    external_url: ExternalUrl | None = None,
    clock: Clock | None = None,
) -> Starlette:
    """Return the application that serves all endpoints.

    :param scrapers: returns the current scrapers, so that a reload can replace them.
    :param own: the collectors of the exporter's own metrics.
    :param telemetry_path: the path of the metrics.
    :param max_requests: how many scrapes may run at once.
    :param reload: reloads the configuration, or raises `ConfigError`; `None` disables it.
    :param external_url: where Prometheus reaches the exporter; `None`: the host of each request.
    """
    clock = clock or Clock()
    scrapes = ScrapeEndpoints(scrapers, own, max_scrapes=max_requests, clock=clock)
    pages = PageEndpoints(scrapers, telemetry_path, clock)
    lifecycle = LifecycleEndpoints(reload)
    app = Starlette(
        routes=[
            Route("/", pages.landing),
            Route(f"{DATABASES}{{path:any}}", pages.database),
            Route(telemetry_path, scrapes.metrics),
            Route("/probe", scrapes.probe),
            Route("/sd", DiscoveryEndpoint(scrapers, external_url).discovery),
            Route("/-/reload", lifecycle.reload, methods=["POST", "PUT"]),
            Route("/-/healthy", lifecycle.healthy),
            Route("/-/ready", lifecycle.healthy),
        ],
        exception_handlers={HTTPException: _error_line, Exception: _internal_error},
    )
    app.router.redirect_slashes = False
    return app


async def _error_line(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for this exception only
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)


async def _internal_error(_: Request, _error: Exception) -> Response:
    return PlainTextResponse("Internal Server Error\n", 500)
