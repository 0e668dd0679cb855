"""One HTTP exchange with the API: within its seconds, within its size, or as one `ApiError`."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3 import ProxyManager, disable_warnings
from urllib3.exceptions import DecodeError, HTTPError, InsecureRequestWarning
from urllib3.exceptions import TimeoutError as SocketTimeoutError

from exporter import __version__
from exporter.api.causes import describe_cause
from exporter.api.deadline import POOLS, Deadlines
from exporter.config.credentials import Secret
from exporter.config.schema import ProxyUrl, Target
from exporter.durations import format_age
from exporter.errors import ApiError, ConfigError, Reason, UnsentRequestError
from exporter.redaction import Redactor, userinfo

LARGEST_BODY: Final = 64 * 1024 * 1024  # bytes, decompressed
CHUNK: Final = 1024 * 1024
ENCODINGS: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""What a body may be encoded in: one of these, and no chain of them, which multiplies the memory."""
HEADERS: Final = {
    "User-Agent": f"bycloud-backup-exporter/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
}
ObserveHeaders = Callable[[int, Mapping[str, str]], None]


class HttpTransport:
    """The connections to one target's API, kept alive between walks."""

    def __init__(self, target: Target, deadlines: Deadlines) -> None:
        self._target = target
        self._deadlines = deadlines
        self._session = _Session()
        most = target.max_concurrency + 1  # the list of instances is walked beside that of backups
        adapter = _GuardedAdapter(pool_maxsize=most, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._connection = _connection_settings(self._session, target)
        self._session.trust_env = False  # it has just been asked, once for all; a redirect would ask it anew
        if target.tls_config.insecure_skip_verify:
            disable_warnings(InsecureRequestWarning)  # the user said so; once is enough

    def get(
        self, path: str, query: Mapping[str, str], secret: Secret, seconds: float, observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        """Return the status and the body of an answer; raise `ApiError` where none came whole and in time.

        `observe` is told status and headers as soon as they are there.
        """
        url = self._target.url + path
        reason, message = Reason.TIMEOUT, f"no whole answer within {format_age(seconds)}"
        with self._deadlines.watch(seconds) as watch:
            try:
                answer = self._get(url, query, secret, seconds, observe)
                if not watch.expired:  # else it may have been cut: a body without a length ends anywhere
                    return answer
            except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
                if watch.left > 0:
                    redact = Redactor(secret.reveal(), *_proxy_logins(self._connection))
                    message = redact(f"{urlsplit(url).netloc}: {describe_cause(error, url)}")
                    reason = _reason(error)
        failure = ApiError if watch.sent else UnsentRequestError
        raise failure(reason, message)  # out here, where it has no context: that one's text may hold a secret

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _get(
        self, url: str, query: Mapping[str, str], secret: Secret, seconds: float, observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        request = requests.Request("GET", url, HEADERS, params=query).prepare()
        request.headers.update(_credential(self._target.credential.kind, secret))
        with self._session.send(
            request, timeout=seconds, allow_redirects=False, **self._connection
        ) as response:
            observe(response.status_code, response.headers)
            return response.status_code, _read(response)


class _Session(requests.Session):
    def get_redirect_target(self, _: requests.Response) -> None:
        """Follow none: requests would parse the address and read the whole body, however large."""


class _GuardedAdapter(HTTPAdapter):
    """requests' transport over connections that the deadlines can cut."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' signature
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:  # noqa: ANN401 - requests' signature
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager


def _credential(kind: str, secret: Secret) -> Mapping[str, str]:
    """Return the header, to be set after requests has checked the others: what it refuses it would quote."""
    if kind == "api_key":
        return {"X-Api-Key": secret.reveal()}
    return {"Authorization": f"Bearer {secret.reveal()}"}


def _connection_settings(session: requests.Session, target: Target) -> Mapping[str, Any]:
    """Return settings to give with each request: only there do the target's win over the environment's."""
    tls = target.tls_config
    proxy = target.proxy_url.reveal() if target.proxy_url else None
    proxies = {"http": proxy, "https": proxy} if proxy else {}
    verify = False if tls.insecure_skip_verify else tls.ca_file or True
    cert = (tls.cert_file, tls.key_file) if tls.cert_file and tls.key_file else tls.cert_file
    url = _as_requested(target.url)
    merged = session.merge_environment_settings(url, proxies, stream=True, verify=verify, cert=cert)
    _check_proxy(url, merged["proxies"])
    return merged


def _check_proxy(url: str, proxies: MutableMapping[str, str]) -> None:
    """Check the proxy that the environment names for `url`, and add the scheme that it may omit.

    :raises ConfigError: which names the variable and does not hold the proxy, since requests' errors would
    """
    proxy = select_proxy(url, proxies)
    if not proxy:
        return
    key = next(key for key, value in proxies.items() if value == proxy)
    try:
        has_scheme = "://" in proxy or proxy.lower().startswith(("http:", "https:"))
        proxies[key] = ProxyUrl(proxy if has_scheme else f"http://{proxy}").reveal()
    except ValueError as error:
        names = (f"{key}_proxy", f"{key}_proxy".upper())
        name = next((name for name in names if os.environ.get(name) == proxy), names[0])
        raise ConfigError(f"environment: {name}: {error}") from None


def _as_requested(url: str) -> str:
    """Spell a URL as requests does, for the environment's exemptions; one that it refuses fails later."""
    try:
        return requests.Request("GET", url).prepare().url or url
    except requests.RequestException:
        return url


def _read(response: requests.Response) -> bytes:
    if response.headers.get("Content-Encoding", "").strip().lower() not in ENCODINGS:
        raise ApiError(Reason.BAD_RESPONSE, "the body is encoded in a way that was not asked for")
    chunks, length = [], 0
    while chunk := response.raw.read(CHUNK, decode_content=True):
        chunks.append(chunk)
        length += len(chunk)
        if length > LARGEST_BODY:
            raise ApiError(Reason.BAD_RESPONSE, f"the body is larger than {LARGEST_BODY} bytes")
    return b"".join(chunks)


def _reason(error: Exception) -> Reason:
    """Return why there is no answer; a `UnicodeError` is a proxy's login that no header can carry."""
    match error:
        case requests.exceptions.SSLError():
            return Reason.TLS
        case requests.Timeout() | SocketTimeoutError():
            return Reason.TIMEOUT
        case DecodeError():
            return Reason.BAD_RESPONSE
        case requests.RequestException() | HTTPError() | ConnectionError() | UnicodeError():
            return Reason.CONNECTION
    return Reason.TLS  # an OSError: what requests raises of a certificate's file that it cannot read


def _proxy_logins(connection: Mapping[str, Any]) -> Iterator[str]:
    """Yield the `user:password` of every proxy, and the parts at which a URL parser may cut it."""
    for proxy in connection["proxies"].values():
        if login := userinfo(proxy):
            yield from (login, *re.split("[#/?]", login))
