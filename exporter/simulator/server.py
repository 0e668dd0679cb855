"""The simulated ByCloud API on a real socket."""

import time
from collections.abc import Callable
from ssl import SSLContext
from typing import Self

from msgspec.structs import replace

from exporter.records import Backup, Instance
from exporter.simulator.admission import Admission
from exporter.simulator.catalog import Catalog, Source
from exporter.simulator.http.connection import Channel, Listener
from exporter.simulator.http.delivery import Delivery
from exporter.simulator.http.message import Reply, Request
from exporter.simulator.http.wire import RequestRefusedError
from exporter.simulator.quirks import Quirks
from exporter.simulator.ratelimit import Allowance, RateLimit, Tier


class SimulatedApi:
    """Serves from its construction until `close()`; also a context manager.

    `backups`, `instances`, `quirks` and `latency` can be replaced while it runs. `requests` holds every
    request if `request_log` is true.

    :param backups: the backups in the API's order, newest update first.
    :param instances: the same for instances; None: the endpoint does not exist (404).
    :param latency: seconds before each response.
    :param clock: returns Unix time in seconds.
    """

    def __init__(  # noqa: PLR0913 - keywords only, each a property of the real API
        self,
        *,
        backups: Source[Backup] = (),
        instances: Source[Instance] | None = (),
        quirks: Quirks = Quirks(),  # noqa: B008 - a frozen value
        tier: Tier = "unlimited",
        api_key: str = "demo:demo-secret",
        token: str = "demo-token",  # noqa: S107 - public, for the demo
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: SSLContext | None = None,
        request_log: bool = True,
    ) -> None:
        self.quirks = quirks
        self.latency = latency
        self.requests: list[Request] = []
        self._request_log = request_log
        self._catalog = Catalog(backups, instances)
        self._admission = Admission(RateLimit(tier, clock), api_key=api_key, token=token)
        self._listener = Listener((host, port), self._exchange, clock, ssl_context)

    def __repr__(self) -> str:
        return f"SimulatedApi({self.url!r}, {self._catalog})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The base URL."""
        return self._listener.url

    @property
    def backups(self) -> Source[Backup]:
        """The backups that it lists."""
        return self._catalog.backups

    @backups.setter
    def backups(self, backups: Source[Backup]) -> None:
        self._catalog.backups = backups

    @property
    def instances(self) -> Source[Instance] | None:
        """The instances that it lists; `None`: the endpoint does not exist."""
        return self._catalog.instances

    @instances.setter
    def instances(self, instances: Source[Instance] | None) -> None:
        self._catalog.instances = instances

    def close(self) -> None:
        """Stop at once and end every connection."""
        self._listener.close()

    def delivery(self, _request: Request) -> Delivery:
        """Return how the reply to a request is sent."""
        return Delivery()

    def _exchange(self, request: Request, channel: Channel) -> bool:
        if self._request_log:
            self.requests.append(request)
        if self.latency and channel.wait(self.latency):
            return False
        delivery = self.delivery(request)
        reply = self._compressed(request, delivery.change(self._reply(request)))
        return delivery.send(channel, _for_request(request, reply))

    def _compressed(self, request: Request, reply: Reply) -> Reply:
        if self.quirks.gzip and reply.plain and "gzip" in request.headers.get("accept-encoding", ""):
            return reply.compressed()
        return reply

    def _reply(self, request: Request) -> Reply:
        allowance = self._admission.count()
        try:
            reply = self._success(request, allowance)
        except RequestRefusedError as error:
            reply = Reply.json(error.status, error.body)
        return reply.with_headers(_headers(allowance))

    def _success(self, request: Request, allowance: Allowance) -> Reply:
        self._admission.check(request, allowance)
        listing = self._catalog.listing(request.path, self.quirks)
        if request.method != "GET":
            raise RequestRefusedError(405, f"Method {request.method} not allowed")
        identity = request.path.removeprefix(listing.collection.path).removeprefix("/")
        return Reply.json(200, listing.one(identity) if identity else listing.encoded(request.query))


def _for_request(request: Request, reply: Reply) -> Reply:
    """Omit the body for HEAD; close the connection if the client requests it."""
    if request.method == "HEAD":
        reply = replace(reply, body=b"")
    if request.headers.get("connection", "").lower() == "close":
        reply = reply.with_headers({"Connection": "close"})
    return reply


def _headers(allowance: Allowance) -> dict[str, str]:
    again = {} if allowance.retry_after is None else {"Retry-After": str(allowance.retry_after)}
    return {**allowance.headers, **again}
