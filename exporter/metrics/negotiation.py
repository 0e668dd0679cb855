"""What a scraper requests: format, compression and metric families.

`Accept` is reduced to the few values that prometheus_client 0.26 supports: it fails on a version that is not
a number, returns an unknown version in `Content-Type`, and ignores `q`.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs

TEXT: Final = "text/plain;version=0.0.4"
_PLAIN: Final = "text/plain"
_OPENMETRICS: Final = "application/openmetrics-text"
_ESCAPINGS: Final = ("underscores", "allow-utf-8", "dots", "values")
KNOWN: Final = (
    TEXT,
    _OPENMETRICS,
    *(
        f"{kind};version=1.0.0;escaping={escaping}"
        for kind in (_PLAIN, _OPENMETRICS)
        for escaping in _ESCAPINGS
    ),
)
"""Everything that `known_accept` can return."""
_QUALITY: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


class _MalformedError(ValueError):
    """The header is malformed."""


def known_accept(header: str) -> str:
    """Return the format of the highest quality in `Accept` as one of `KNOWN`.

    Of equal qualities the first wins, but text 0.0.4 comes last: prometheus_client chooses the same where no
    `q` is given. A malformed header gets text 0.0.4.
    """
    try:
        offers = [(quality, known) for quality, known in _offers(header) if quality > 0]
    except _MalformedError:
        return TEXT
    best = max((quality for quality, _ in offers), default=0)
    return next((known for quality, known in offers if quality == best and known != TEXT), TEXT)


def accepts_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` header names gzip with a `q` above 0."""
    for element in header.split(","):
        coding, _, quality = element.partition(";")
        if coding.strip().lower() == "gzip":
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", quality)
    return False


def requested_names(query: str) -> frozenset[str] | None:
    """Return the metric families that the `name[]` parameters of a query select; `None`: all of them."""
    names = parse_qs(query).get("name[]")
    return None if names is None else frozenset(names)


def _offers(header: str) -> Iterator[tuple[float, str]]:
    """Yield the quality and the format of each known element."""
    for element in header.split(","):
        kind, *rest = (part.strip() for part in element.split(";"))
        parameters = dict(map(_parameter, rest))
        if len(parameters) != len(rest):
            raise _MalformedError
        quality = parameters.get("q", "1")
        if not _QUALITY.fullmatch(quality):
            raise _MalformedError
        if known := _known(kind, parameters.get("version"), parameters.get("escaping", "")):
            yield float(quality), known


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise _MalformedError
    return name, value


def _known(kind: str, version: str | None, escaping: str) -> str | None:
    if kind in {_PLAIN, _OPENMETRICS} and version == "1.0.0":
        known_escaping = escaping if escaping in _ESCAPINGS else "underscores"
        return f"{kind};version=1.0.0;escaping={known_escaping}"
    if kind == _OPENMETRICS and version is None:
        return _OPENMETRICS
    if (kind == _PLAIN and version in {None, "0.0.4"}) or kind in {"text/*", "*/*"}:
        return TEXT
    return None
