"""Where Prometheus is told to find the probes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.web.discovery import ExternalUrl, is_address, parse_external_url, target_groups


def test_each_target_is_a_group() -> None:
    """Its name is a parameter of the probe, and a label that stays."""
    groups = target_groups(["a", "b & c"], ExternalUrl("https", "exporter.example:10140", "/bycloud"))

    assert [group["targets"] for group in groups] == [["exporter.example:10140"]] * 2
    assert groups[1]["labels"] == {
        "__scheme__": "https",
        "__metrics_path__": "/bycloud/probe",
        "__param_target": "b & c",
        "target": "b & c",
    }


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://exporter.example", ExternalUrl("http", "exporter.example")),
        ("https://exporter.example:8443/", ExternalUrl("https", "exporter.example:8443")),
        ("https://[2001:db8::1]:8443/a/b", ExternalUrl("https", "[2001:db8::1]:8443", "/a/b")),
    ],
)
def test_an_external_url_names_the_place(url: str, place: ExternalUrl) -> None:
    """With the path that a proxy puts before ours."""
    assert parse_external_url(url) == place


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
def test_what_is_no_external_url(url: str) -> None:
    """One line says what is allowed."""
    with pytest.raises(ConfigError) as raised:
        parse_external_url(url)

    assert str(raised.value).startswith(f"--web.external-url: found {url!r}, allowed: an address such as")


def test_an_external_url_with_a_password_is_not_shown() -> None:
    """The line goes to the log of whatever starts the exporter."""
    with pytest.raises(ConfigError, match=r"^--web.external-url: found an address with a user, allowed: "):
        parse_external_url("http://u:hid[den@x")


@pytest.mark.parametrize(
    ("text", "plain"),
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
def test_only_a_plain_host_is_an_address(text: str, plain: bool) -> None:  # noqa: FBT001 - by pytest
    """A request's `Host` can be anything that somebody sends."""
    assert is_address(text) is plain


@given(
    st.text("htps:/[]@.%#?x1é\u2100\ud800 ", max_size=20)
    | st.text("[]:x1.@%", max_size=9).map("http://{}".format)
)
def test_every_external_url_is_a_place_or_a_configuration_error(url: str) -> None:
    """Nothing else comes out of it."""
    try:
        parse_external_url(url)
    except ConfigError as error:
        assert str(error).isprintable()  # noqa: PT017 - either is right
