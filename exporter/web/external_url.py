"""The URL at which others reach the exporter."""

import re
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from exporter.errors import ConfigError

HIGHEST_PORT: Final = 65_535
ALLOWED: Final = "a URL such as https://exporter.example or https://proxy.example/bycloud"
_ADDRESS: Final = re.compile(
    r"(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
)
_PREFIX: Final = re.compile("(/[A-Za-z0-9._~-]+)*")


class ExternalUrl(Struct, frozen=True):
    """Where others reach the exporter.

    `address` is a host, with a port unless it is the scheme's default. `prefix` is the path that a proxy
    puts before the exporter's own paths.
    """

    scheme: str
    address: str
    prefix: str = ""


def parse_external_url(url: str) -> ExternalUrl:
    """Parse the value of `--web.external-url`.

    :raises ConfigError: it is not an HTTP URL, or it has a user, a query or a fragment. The message shows no
        password.
    """
    found = repr(url) if "@" not in url else "a URL with a user"
    invalid = ConfigError(f"--web.external-url: found {found}, allowed: {ALLOWED}")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise invalid from None
    prefix = parts.path.rstrip("/")
    is_plain = parts.scheme in {"http", "https"} and not parts.query and not parts.fragment
    if not is_plain or not is_address(parts.netloc) or not _PREFIX.fullmatch(prefix):
        raise invalid
    return ExternalUrl(parts.scheme, parts.netloc, prefix)


def is_address(text: str) -> bool:
    """Whether `text` is a host name or IP address, with or without a port, and nothing else."""
    match = _ADDRESS.fullmatch(text)
    return match is not None and int(match["port"] or 0) <= HIGHEST_PORT
