"""The HTTP messages of the simulated API: requests as they are read, replies before they are sent."""

import gzip
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from http.client import responses
from io import BufferedIOBase
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

_LONGEST_LINE = 65_537
_REQUEST_LINE_WORDS = 3


class Request(Struct, frozen=True):
    """One request. Header names are in lower case; `at` is the Unix time at which it was read."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


class Reply(Struct, frozen=True):
    """One response. `plain`: the body may still be compressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    plain: bool = False

    @classmethod
    def json(cls, status: int, body: object) -> "Reply":
        """Return a reply in JSON. A body of bytes is already encoded."""
        encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return cls(status, {"Content-Type": "application/json"}, encoded, plain=True)

    @property
    def head(self) -> bytes:
        """The status line and the headers; adds the Content-Length if there is none."""
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        lines = (f"{name}: {value}\r\n" for name, value in headers.items())
        status = f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unknown')}\r\n"
        return (status + "".join(lines) + "\r\n").encode("latin-1")

    def with_headers(self, headers: Mapping[str, str]) -> "Reply":
        """Return the reply with more headers."""
        return replace(self, headers={**self.headers, **headers})

    def compressed(self) -> "Reply":
        """Return the reply with its body in gzip."""
        headers = {**self.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Reply(self.status, headers, _gzipped(self.body))


def read_request(stream: BufferedIOBase, clock: Callable[[], float]) -> Request | None:
    """Read one request and discard its body. Return None if the client has left or does not speak HTTP."""
    words = stream.readline(_LONGEST_LINE).decode("latin-1").split()
    if len(words) != _REQUEST_LINE_WORDS:
        return None
    headers = dict(_headers(stream))
    stream.read(int(headers.get("content-length", "0")))
    target = urlsplit(words[1])
    query = dict(parse_qsl(target.query, keep_blank_values=True))
    return Request(words[0], unquote(target.path), query, headers, clock())


def _headers(stream: BufferedIOBase) -> Iterator[tuple[str, str]]:
    while line := stream.readline(_LONGEST_LINE).decode("latin-1").strip():
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


@lru_cache(maxsize=512)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1, mtime=0)
