"""Addresses in the configuration: the API's and a proxy's."""

import pytest

from exporter.config import ProxyUrl, Url
from exporter.errors import ConfigError
from exporter.validation import NotAllowedError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.spo1.mycloud.com", "https://api.spo1.mycloud.com"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("https://host/behind/", "https://host/behind"),
    ],
)
def test_an_address_may_have_a_path(text: str, url: str) -> None:
    """The path precedes `/v1`; a slash at the end is removed."""
    assert Url.parse(text) == url


@pytest.mark.parametrize(
    "found",
    [
        "",
        "host",
        "//host",
        "file:///etc",
        "https://",
        "https://host:x",
        "https://host:70000",
        "https://[::1",
        "https://me@host",
        "https://me:pw@host",
        "https://host?",
        "https://host?a=b",
        "https://host#",
        "https://ho st",
        " https://host",
        "https://host\n",
        5,
        None,
    ],
)
def test_credentials_query_and_fragment_are_refused(found: object) -> None:
    """They are refused even if they are empty, and so is everything that is not an HTTP address."""
    with pytest.raises(NotAllowedError):
        Url.parse(found)


@pytest.mark.parametrize("text", ["http://proxy.example:3128", "https://user:p%40ss@[::1]:3128/"])
def test_the_address_of_a_proxy_is_secret(text: str) -> None:
    """It may hold a password."""
    proxy = ProxyUrl.parse(text)

    assert proxy.reveal() == text
    assert repr(proxy) == "Secret(…)"


@pytest.mark.parametrize(
    "text",
    ["hidden", "http://hid#den@proxy", "http://hidden:65536", "http://hidden@[:::]:1", "socks5://hidden"],
)
def test_an_ambiguous_address_of_a_proxy_is_refused(text: str) -> None:
    """The error says what is allowed and does not show the address."""
    with pytest.raises(ConfigError) as raised:
        ProxyUrl.parse(text)

    assert raised.value.allowed == ProxyUrl.ALLOWED
    assert "hidden" not in str(raised.value)
