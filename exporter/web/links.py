"""The addresses of the pages: relative, so that they work below a prefix that a proxy adds."""

from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

DATABASES: Final = "/databases/"
_DOT_SEGMENTS: Final = frozenset({".", ".."})  # a browser removes them from a path, encoded or not


class DatabaseAddress(NamedTuple):
    """Which database a page shows."""

    target: str
    instance_id: str


def database_link(target: str, instance_id: str) -> str | None:
    """Return the link from the landing page to a database's page; `None` if no browser could follow it.

    https://url.spec.whatwg.org/#double-dot-path-segment
    """
    segments = (target, instance_id)
    return None if _DOT_SEGMENTS.intersection(segments) else f".{DATABASES}{'/'.join(map(_encode, segments))}"


def parse_database_path(raw_path: bytes) -> DatabaseAddress | None:
    """Parse the path of a request, percent-encoded as the client sent it; `None` if it is no database's.

    The decoded path does not tell a slash of an id from one between the segments.
    """
    prefix, *segments = raw_path.removeprefix(DATABASES.encode()).split(b"/")
    if not raw_path.startswith(DATABASES.encode()) or len(segments) != 1:
        return None
    try:
        return DatabaseAddress(unquote_to_bytes(prefix).decode(), unquote_to_bytes(segments[0]).decode())
    except UnicodeDecodeError:
        return None


def probe_link(target: str) -> str:
    """Return the link from the landing page to the metrics of a target."""
    return f"./probe?target={_encode(target)}"


def _encode(text: str) -> str:
    return quote(text, safe="")
