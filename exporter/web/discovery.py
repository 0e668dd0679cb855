"""Prometheus's HTTP service discovery: where each target's probe is found, by whatever name we are known.

https://prometheus.io/docs/prometheus/latest/http_sd/
"""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from exporter.errors import ConfigError

_PLACE: Final = re.compile(
    r"(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
)
_PREFIX: Final = re.compile("(/[A-Za-z0-9._~-]+)*")
ALLOWED: Final = "an address such as https://exporter.example or https://proxy.example/bycloud"


class ExternalUrl(Struct, frozen=True):
    """Where others reach us: `address` is a host, with a port where it is not the scheme's own."""

    scheme: str
    address: str
    prefix: str = ""


def parse_external_url(url: str) -> ExternalUrl:
    """Read `--web.external-url`; raise `ConfigError`, which shows no password."""
    shown = repr(url) if "@" not in url else "an address with a user"
    refused = ConfigError(f"--web.external-url: found {shown}, allowed: {ALLOWED}")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise refused from None
    prefix = parts.path.rstrip("/")
    plain = parts.scheme in {"http", "https"} and not parts.query and not parts.fragment
    if not plain or not is_address(parts.netloc) or not _PREFIX.fullmatch(prefix):
        raise refused
    return ExternalUrl(parts.scheme, parts.netloc, prefix)


def is_address(text: str) -> bool:
    """Say whether this is a plain host, with or without a port, as in a request's `Host`."""
    match = _PLACE.fullmatch(text)
    return match is not None and int(match["port"] or 0) <= 65_535  # noqa: PLR2004 - the highest port


def target_groups(names: Iterable[str], place: ExternalUrl) -> list[dict[str, Any]]:
    """Return one group for each target: its probe, and its name as a label that stays."""
    return [
        {
            "targets": [place.address],
            "labels": {
                "__scheme__": place.scheme,
                "__metrics_path__": f"{place.prefix}/probe",
                "__param_target": name,
                "target": name,
            },
        }
        for name in names
    ]
