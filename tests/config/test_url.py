"""Addresses in the configuration."""

import pytest

from exporter.config import Url
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
