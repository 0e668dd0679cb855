"""The addresses that `--web.listen-address` accepts."""

import re
from typing import Final

from exporter.errors import ConfigError

HIGHEST_PORT: Final = 65_535
_PORT: Final = re.compile("[0-9]{1,5}")


def parse_address(text: str) -> tuple[str, int]:
    """Split `host:port`, `[ipv6]:port` or `:port`; raise `ConfigError`."""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not _PORT.fullmatch(port) or int(port) > HIGHEST_PORT or (":" in host and not bracketed):
        raise ConfigError(f"--web.listen-address: found {text!r}, allowed: HOST:PORT, [IPV6]:PORT or :PORT")
    return host.strip("[]"), int(port)
