"""One HTTP exchange with the API: within a deadline and a size, or an `ApiError`."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import ProxyManager, disable_warnings
from urllib3.exceptions import HTTPError, InsecureRequestWarning

from exporter import __version__
from exporter.api.causes import describe_cause
from exporter.api.connection import POOLS
from exporter.api.deadline import Deadlines
from exporter.api.failures import reason_of_exception
from exporter.api.request_settings import proxy_logins, request_settings
from exporter.config import Secret, Target
from exporter.durations import format_duration
from exporter.errors import ApiError, Reason, UnsentRequestError
from exporter.redaction import Redactor

LARGEST_BODY: Final = 64 * 1024 * 1024  # bytes, decompressed
CHUNK: Final = 64 * 1024
"""Bytes to read at once. A chunk of empty gzip members takes quadratic time, in which no deadline cuts the
exchange: for 4 MB of them in chunks of 1 MiB, 7 s.
"""
ENCODINGS: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""Accepted values of `Content-Encoding`. A chain of encodings is refused: it multiplies the memory."""
HEADERS: Final = {
    "User-Agent": f"bycloud-backup-exporter/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
}
ObserveHeaders = Callable[[int, Mapping[str, str]], None]
"""Receives the status and the headers of a response before its body is read."""


class Transport(Protocol):
    """Sends one request to the API."""

    def get(
        self, path: str, query: Mapping[str, str], secret: Secret, seconds: float, observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        """Return the HTTP status and the uncompressed body within `seconds`.

        :param path: the path below the target's URL, with its leading slash.
        :param query: the query parameters, not yet encoded.
        :param secret: the credential to send.
        :param observe: called with status and headers, before the body is read.
        :raises ApiError: if no whole response is received in time.
        :raises UnsentRequestError: if nothing was sent either.
        """

    def close(self) -> None:
        """Close the connections."""


class HttpTransport:
    """The connections to one target's API, kept alive between walks.

    :param deadlines: cuts the exchanges that exceed their deadline.
    :raises ConfigError: if the environment names a malformed proxy.
    """

    def __init__(self, target: Target, deadlines: Deadlines) -> None:
        self._target = target
        self._deadlines = deadlines
        self._session = _Session()
        connections = target.max_concurrency + 1  # instances are listed while backups are walked
        adapter = _DeadlineAdapter(pool_maxsize=connections, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._settings = request_settings(self._session, target)
        self._session.trust_env = False  # the environment has been read, and a `.netrc` must not be
        if target.tls_config.insecure_skip_verify:
            disable_warnings(InsecureRequestWarning)  # configured by the user

    def __repr__(self) -> str:
        return f"HttpTransport({self._target.name!r})"

    def get(
        self, path: str, query: Mapping[str, str], secret: Secret, seconds: float, observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        """Return the HTTP status and the uncompressed body of a response: see `Transport.get`.

        The sockets find the deadline in a variable of this thread, which `Deadlines.limit` sets.

        :param seconds: the deadline, in total for connecting, sending and receiving.
        :raises ApiError: if no whole response is received in time.
        :raises UnsentRequestError: if nothing was sent either.
        """
        url = self._target.url + path
        reason, message = Reason.TIMEOUT, f"no complete response within {format_duration(seconds)}"
        with self._deadlines.limit(seconds) as exchange:
            try:
                response = self._exchange(url, query, secret, seconds, observe)
                if not exchange.was_cut:  # a body without a length seems to end where it is cut
                    return response
            except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
                if exchange.seconds_left > 0:
                    redact = Redactor(secret.reveal(), *proxy_logins(self._settings))
                    message = redact(f"{urlsplit(url).netloc}: {describe_cause(error, url)}")
                    reason = reason_of_exception(error)
        failure = ApiError if exchange.may_have_sent else UnsentRequestError
        raise failure(reason, message)  # outside the `except`: the context's text may contain a secret

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _exchange(
        self, url: str, query: Mapping[str, str], secret: Secret, seconds: float, observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        request = requests.Request("GET", url, HEADERS, params=query).prepare()
        # Added after `prepare`: its errors quote the headers that it refuses.
        request.headers.update(_credential_header(self._target.credential.kind, secret))
        with self._session.send(
            request, timeout=seconds, allow_redirects=False, **self._settings
        ) as response:
            observe(response.status_code, response.headers)
            return response.status_code, _read_body(response)


class _Session(requests.Session):
    def get_redirect_target(self, _: requests.Response) -> None:
        """Follow no redirect: requests would parse its address and read the whole body, however large."""


class _DeadlineAdapter(HTTPAdapter):
    """requests' adapter over connections with deadlines."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' signature
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:  # noqa: ANN401 - requests' signature
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager


def _credential_header(kind: str, secret: Secret) -> Mapping[str, str]:
    if kind == "api_key":
        return {"X-Api-Key": secret.reveal()}
    return {"Authorization": f"Bearer {secret.reveal()}"}


def _read_body(response: requests.Response) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise ApiError(Reason.BAD_RESPONSE, "the body has a Content-Encoding that was not requested")
    chunks, length = [], 0
    while chunk := response.raw.read(CHUNK, decode_content=True):
        chunks.append(chunk)
        length += len(chunk)
        if length > LARGEST_BODY:
            raise ApiError(Reason.BAD_RESPONSE, f"the body is larger than {LARGEST_BODY} bytes")
    return b"".join(chunks)
