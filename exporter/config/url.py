"""Addresses in the configuration: the API's and a proxy's."""

import re
from ipaddress import IPv6Address
from typing import ClassVar, Final, Self
from urllib.parse import urlsplit

from exporter.config.credentials import Secret
from exporter.errors import ConfigError
from exporter.validation import NotAllowedError

LARGEST_PORT: Final = 65535
_PROXY: Final = re.compile(
    r"(?i:https?)://"
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+@)?"
    r"(?:[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)
"""After https://www.rfc-editor.org/rfc/rfc3986#section-3.2, without a path, a query or a fragment."""


class Url(str):
    """An `http` or `https` address without credentials, query, fragment or slash at its end."""

    ALLOWED: ClassVar = "an address such as https://api.spo1.mycloud.com, without user, query or fragment"
    __slots__ = ()

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError`."""
        if not isinstance(found, str) or not _is_url(found):
            raise NotAllowedError
        return cls(found.rstrip("/"))


class ProxyUrl(Secret):
    """The address of a proxy; secret, because it may hold a password.

    The whole of it is checked, because the HTTP library's errors quote an address that it cannot split.

    :raises ConfigError: if the address is invalid. The message does not hold it.
    """

    ALLOWED: ClassVar = (
        "http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ before HOST if needed and special"
        " characters percent-encoded (# is %23, / %2F, ? %3F, @ %40)"
    )
    __slots__ = ()

    def __init__(self, text: str) -> None:
        if not _is_proxy(text):
            raise ConfigError("is not the address of a proxy", allowed=self.ALLOWED)
        super().__init__(text)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises `ValueError` unless it is a number in range
    except ValueError:
        return False
    is_plain = text.isprintable() and not any(character in text for character in "?#@ ")
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and is_plain


def _is_proxy(text: str) -> bool:
    match = _PROXY.fullmatch(text)
    if not match or not 1 <= int(match["port"] or 1) <= LARGEST_PORT:
        return False
    try:
        return match["ipv6"] is None or bool(IPv6Address(match["ipv6"]))
    except ValueError:
        return False
