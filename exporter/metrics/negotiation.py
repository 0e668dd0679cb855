"""What a scraper takes, brought to one of the few strings that prometheus_client answers well.

prometheus_client 0.26 answers 500 to a version that is no number, sends a version that it does not know
back in `Content-Type`, and takes no notice of `q`.
"""

import re
from collections.abc import Iterator
from typing import Final

TEXT: Final = "text/plain;version=0.0.4"
_PLAIN: Final = "text/plain"
_OPENMETRICS: Final = "application/openmetrics-text"
_ESCAPINGS: Final = ("underscores", "allow-utf-8", "dots", "values")
KNOWN: Final = (
    TEXT,
    _OPENMETRICS,
    *(f"{kind};version=1.0.0;escaping={way}" for kind in (_PLAIN, _OPENMETRICS) for way in _ESCAPINGS),
)
"""Everything that `known_accept` can return."""
_QUALITY: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


class _MalformedError(ValueError):
    """The header is none."""


def known_accept(header: str) -> str:
    """Return what of `Accept` weighs most and is known; the first of equals, but text 0.0.4 last.

    That is what prometheus_client would choose too where no `q` is given. What is malformed gets text 0.0.4.
    """
    try:
        offers = [(quality, kind) for quality, kind in _offers(header) if quality > 0]
    except _MalformedError:
        return TEXT
    best = max((quality for quality, _ in offers), default=0)
    return next((kind for quality, kind in offers if quality == best and kind != TEXT), TEXT)


def takes_gzip(header: str) -> bool:
    """Say whether `Accept-Encoding` names gzip, and not with a `q` of 0."""
    for element in header.split(","):
        coding, _, quality = element.partition(";")
        if coding.strip().lower() == "gzip":
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", quality)
    return False


def _offers(header: str) -> Iterator[tuple[float, str]]:
    """Yield the quality of each element, with what we would answer to it."""
    for element in header.split(","):
        kind, *rest = (part.strip() for part in element.split(";"))
        parameters = dict(map(_parameter, rest))
        if len(parameters) != len(rest):
            raise _MalformedError
        quality = parameters.get("q", "1")
        if not _QUALITY.fullmatch(quality):
            raise _MalformedError
        if answer := _answer(kind, parameters.get("version"), parameters.get("escaping", "")):
            yield float(quality), answer


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise _MalformedError
    return name, value


def _answer(kind: str, version: str | None, escaping: str) -> str | None:
    if kind in {_PLAIN, _OPENMETRICS} and version == "1.0.0":
        way = escaping if escaping in _ESCAPINGS else "underscores"
        return f"{kind};version=1.0.0;escaping={way}"
    if kind == _OPENMETRICS and version is None:
        return _OPENMETRICS
    if (kind == _PLAIN and version in {None, "0.0.4"}) or kind in {"text/*", "*/*"}:
        return TEXT
    return None
