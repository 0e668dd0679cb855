"""Tests of `exporter.web.external_url`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.web.external_url import ExternalUrl, is_address, parse_external_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://exporter.example", ExternalUrl("http", "exporter.example")),
        ("https://exporter.example:8443/", ExternalUrl("https", "exporter.example:8443")),
        ("https://[2001:db8::1]:8443/a/b", ExternalUrl("https", "[2001:db8::1]:8443", "/a/b")),
    ],
)
def test_an_external_url_has_scheme_address_and_prefix(url: str, expected: ExternalUrl) -> None:
    """The prefix is the path that a proxy puts before the exporter's own paths."""
    assert parse_external_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "exporter",
        "ftp://x",
        "http://",
        "http://x:70000",
        "http://[::1",
        "http://[x]/",
        "http://xß℀/",
        "http://x/?a",
        "http://x/#a",
        "http://x/a b",
    ],
)
def test_an_invalid_external_url_is_a_configuration_error(url: str) -> None:
    """One line says what was found and what is allowed."""
    with pytest.raises(ConfigError) as raised:
        parse_external_url(url)

    assert str(raised.value).startswith(f"--web.external-url: found {url!r}, allowed: a URL such as")


def test_an_external_url_with_a_password_is_not_shown() -> None:
    """The line may end up in a log."""
    with pytest.raises(ConfigError, match=r"^--web.external-url: found a URL with a user, allowed: "):
        parse_external_url("http://u:hid[den@x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost", True),
        ("exporter.example:65535", True),
        ("127.0.0.1:1", True),
        ("[::1]:10140", True),
        ("::1", False),
        ("x:65536", False),
        ("x:", False),
        ("u@x", False),
        ("x/y", False),
        ("x\n", False),
        ("", False),
    ],
)
def test_only_a_host_and_a_port_are_an_address(text: str, expected: bool) -> None:  # noqa: FBT001 - by pytest
    """A client can send anything as `Host`."""
    assert is_address(text) is expected


@given(
    st.text("htps:/[]@.%#?x1é\u2100\ud800 ", max_size=20)
    | st.text("[]:x1.@%", max_size=9).map("http://{}".format)
)
def test_every_text_is_an_external_url_or_a_configuration_error(url: str) -> None:
    """No other exception is raised."""
    try:
        parse_external_url(url)
    except ConfigError as error:
        assert str(error).isprintable()  # noqa: PT017 - either is right
