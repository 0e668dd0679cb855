"""Proxies from the file and from the environment are checked as a whole before use, and never shown."""

import subprocess
from typing import Unpack
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from requests.utils import get_auth_from_url
from urllib3.util import parse_url

from exporter.api import Deadlines, HttpTransport
from exporter.config import ProxyUrl
from exporter.errors import ConfigError
from tests.support.command import COMMAND
from tests.support.leaks import KEY, PROXY_PASSWORD
from tests.support.targets import TargetSettings, target

ALLOWED = (
    "http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ before HOST if needed and special"
    " characters percent-encoded (# is %23, / %2F, ? %3F, @ %40)"
)
GOOD = [
    "http://proxy.example:3128",
    "http://proxy.example",
    "HTTPS://proxy.example:3128/",
    "http://127.0.0.1:65535",
    "http://[::1]:3128",
    "http://user:pass@proxy_1.example:1",
    "http://user@proxy.example:3128",
    "http://user:@proxy.example:3128",
    "http://dom%5Cuser:p%23%2F%3F%40%20w@proxy.example:3128",
    "http://user:!$&'()*+,;=-._~:pass@proxy.example:3128",
]
BAD = [
    "",
    "hidden",
    "//user:hidden@proxy:3128",
    "http://user:hid#den@proxy:3128",
    "http://user:hid/den@proxy:3128",
    "http://user:hid?den@proxy:3128",
    "http://user:hid@den@proxy:3128",
    "http://user:hid%xden@proxy:3128",
    "http://user:hid den@proxy:3128",
    "http://user:hid[den@proxy:3128",
    "http://user:hid\\den@proxy:3128",
    "http://user:hid\nden@proxy:3128",
    "http://user:hidén@proxy:3128",
    "http://user:hidden@proxy:0",
    "http://user:hidden@proxy:65536",
    "http://user:hidden@proxy:99999999999",
    "http://user:hidden@proxy:x",
    "http://user:hidden@proxy:",
    "http://user:hidden@",
    "http://user:hidden@:3128",
    "http://user:hidden@[::1",
    "http://user:hidden@[:::]:3128",
    "http://user:hidden@[1.2.3.4]:3128",
    "http://user:hidden@..:3128",
    f"http://user:hidden@{'x' * 64}:3128",
    "http://user:hidden@proxy:3128/path",
    "http://user:hidden@proxy:3128?query",
    "http://user:hidden@proxy:3128#fragment",
    "http:user:hidden@proxy:3128",
    "ftp://user:hidden@proxy:3128",
    "socks5://user:hidden@proxy:1080",
    "socks5h://user:hidden@proxy:1080",
]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove proxies from the environment."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def connect(url: str = "http://api.example", **settings: Unpack[TargetSettings]) -> None:
    """Create the connections of a target, which reads the environment."""
    HttpTransport(target(url=url, **settings), Deadlines()).close()


@pytest.mark.parametrize("text", GOOD)
def test_the_http_library_reads_a_good_proxy_as_we_do(text: str) -> None:
    """The library finds a host, and no path, query or fragment."""
    ProxyUrl(text)
    parsed = parse_url(text)

    assert parsed.host
    assert (parsed.path or "/", parsed.query, parsed.fragment) == ("/", None, None)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_proxy_is_refused_without_being_shown(text: str) -> None:
    """In the file: one line, which says what is allowed."""
    with pytest.raises(ValueError, match=r"^is not the address of a proxy") as raised:
        ProxyUrl(text)

    assert str(raised.value) == f"is not the address of a proxy, allowed: {ALLOWED}"
    assert raised.value.__context__ is None


@pytest.mark.parametrize("text", [text for text in BAD if text and text != "hidden" and "\0" not in text])
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_bad_proxy_of_the_environment_is_a_configuration_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    """The error names the variable and shows nothing of its value."""
    monkeypatch.setenv(variable, text)
    with pytest.raises(ConfigError) as raised:
        connect()

    assert str(raised.value) == f"environment: {variable}: is not the address of a proxy, allowed: {ALLOWED}"
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "text", [*GOOD, "proxy.example:3128", "user:pass@proxy.example:3128", "proxy.example"]
)
def test_a_good_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A proxy without a scheme is used as http, as curl does."""
    monkeypatch.setenv("http_proxy", text)

    connect()


def test_only_the_proxy_that_would_be_used_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """`proxy_url` takes precedence, `no_proxy` exempts, and a proxy of another scheme is ignored."""
    monkeypatch.setenv("all_proxy", "socks5://user:hidden@proxy:1080")
    connect(proxy_url=ProxyUrl("http://proxy.example:3128"))
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    connect()
    monkeypatch.setenv("https_proxy", "http://user:hid#den@proxy:3128")
    connect()
    monkeypatch.setenv("no_proxy", "api.example")
    connect("https://api.example")
    monkeypatch.delenv("no_proxy")
    with pytest.raises(ConfigError, match=r"^environment: https_proxy: "):
        connect("https://api.example")


PART = st.text("ab09:@/?#[]%.-_ \\\x7fé", max_size=8)


@settings(deadline=None)
@given(st.builds("http://{}:{}@{}:{}{}".format, PART, PART, PART, PART, PART) | PART.map("http://{}".format))
@example("http://a:b@a")
def test_the_http_library_splits_any_accepted_proxy_as_we_do(text: str) -> None:
    """Every accepted address has the same user, password and host for the HTTP library."""
    try:
        ProxyUrl(text)
    except ValueError as error:
        assert str(error) == f"is not the address of a proxy, allowed: {ALLOWED}"  # noqa: PT017 - either is right
        return
    parsed = parse_url(text)
    rest = text.removeprefix("http://").removesuffix("/")
    userinfo, _, _ = rest.rpartition("@")
    user, colon, password = userinfo.partition(":")

    assert parsed.host
    assert not parsed.query
    assert not parsed.fragment
    assert get_auth_from_url(text) == ((unquote(user), unquote(password)) if colon else ("", ""))


def test_the_command_refuses_the_environment_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad proxy is a configuration error before the first request, and no failed walk."""
    monkeypatch.setenv("BYCLOUD_API_KEY", KEY)
    monkeypatch.setenv("BYCLOUD_API_URL", "http://api.example")
    monkeypatch.setenv("http_proxy", f"http://proxyuser:{PROXY_PASSWORD}#@proxy:3128")
    done = subprocess.run([COMMAND, "check"], text=True, capture_output=True, check=False, timeout=60)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "bycloud-backup-exporter: environment: http_proxy: is not the address of a proxy,"
        f" allowed: {ALLOWED}\n"
    )
