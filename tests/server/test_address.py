"""Tests for the addresses to listen on."""

import pytest

from exporter.errors import ConfigError
from exporter.server.address import parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":10140", ("", 10140)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:65535", ("::1", 65535)),
        ("localhost:80", ("localhost", 80)),
    ],
)
def test_valid_addresses(text: str, address: tuple[str, int]) -> None:
    """The host is optional, and an IPv6 address is in brackets."""
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "10140", "host", "host:", ":http", "::1:80", ":65536", ":-1", ":٣", ":" + "9" * 5000]
)
def test_invalid_addresses(text: str) -> None:
    """The error says what is allowed."""
    with pytest.raises(ConfigError) as raised:
        parse_address(text)

    assert str(raised.value) == (
        f"--web.listen-address: found {text!r}, allowed: HOST:PORT, [IPV6]:PORT or :PORT"
    )
