"""The endpoint `/sd`: HTTP service discovery, which tells Prometheus where to probe each target.

https://prometheus.io/docs/prometheus/latest/http_sd/
"""

from collections.abc import Iterable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.web.external_url import ExternalUrl, is_address
from exporter.web.scrapes import Scrapers


class DiscoveryEndpoint:
    """Serves the target groups.

    :param external_url: where Prometheus reaches the exporter; `None`: at the `Host` of its request.
    """

    def __init__(self, scrapers: Scrapers, external_url: ExternalUrl | None) -> None:
        self._scrapers = scrapers
        self._external_url = external_url

    def __repr__(self) -> str:
        return f"DiscoveryEndpoint({self._external_url})"

    async def discovery(self, request: Request) -> Response:
        """Serve one target group for each configured target."""
        url = self._external_url or _requested_url(request)
        return JSONResponse(target_groups(self._scrapers(), url))


def target_groups(names: Iterable[str], url: ExternalUrl) -> list[dict[str, Any]]:
    """Return one target group for each target, with its name in the label `target`."""
    return [
        {
            "targets": [url.address],
            "labels": {
                "__scheme__": url.scheme,
                "__metrics_path__": f"{url.prefix}/probe",
                "__param_target": name,
                "target": name,
            },
        }
        for name in names
    ]


def _requested_url(request: Request) -> ExternalUrl:
    host = request.headers.get("host", "")
    if not is_address(host):
        raise HTTPException(400, "the Host header is not a host name or address: see --web.external-url")
    return ExternalUrl(request.url.scheme, host)
