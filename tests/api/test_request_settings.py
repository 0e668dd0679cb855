"""Proxies and their passwords."""

import pytest
import requests

from exporter.api.request_settings import proxy_logins, request_settings
from exporter.config import ProxyUrl, Secret, Target, Url
from exporter.errors import ConfigError
from exporter.simulator import (
    SimulatedApi,
)
from tests.support.client_rig import KEY, MakeRig
from tests.support.plain_server import PlainServer, forward_to


def test_a_configured_proxy_is_used(api: SimulatedApi, rig: MakeRig) -> None:
    """`proxy_url` takes precedence over the environment."""
    heads: list[bytes] = []

    def respond(head: bytes) -> bytes:
        heads.append(head)
        return forward_to(api)(head)

    with PlainServer(respond) as server:
        made = rig(
            "http://api.example.invalid", proxy_url=ProxyUrl(f"http://u:p4ssw0rd@127.0.0.1:{server.port}")
        )
        outcome = made.walk(20)

    assert outcome.snapshot is not None
    assert heads[0].startswith(b"GET http://api.example.invalid/v1/database-backups?limit=20 ")
    assert "p4ssw0rd" not in repr(made.target)


@pytest.mark.parametrize(
    ("host", "exempt", "goes_there"),
    [
        ("api.example.invalid", "", True),
        ("api.example.invalid", "api.example.invalid", False),
        ("bücher.invalid", "xn--bcher-kva.invalid", False),
    ],
)
def test_the_proxy_of_the_environment_is_used(  # noqa: PLR0913 - fixtures and parameters
    api: SimulatedApi,
    rig: MakeRig,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    exempt: str,
    *,
    goes_there: bool,
) -> None:
    """A target without `proxy_url` uses it unless its host is exempt. The environment is read once."""
    for name in ("http_proxy", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with PlainServer(forward_to(api)) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
        monkeypatch.setenv("NO_PROXY", exempt)
        made = rig(f"http://{host}")
        monkeypatch.delenv("HTTP_PROXY")
        outcome = made.walk(20)

    assert (outcome.snapshot is not None) is goes_there
    assert (server.connections == 1) is goes_there


def test_an_error_masks_a_password_that_the_proxy_echoes(rig: MakeRig) -> None:
    """It is masked as sent, in base64, and in plain text."""
    login = "cHJveHl1c2VyOnByMHh5UGFzc3cwcmQ="
    response = f"HTTP/1.1 407 {login} pr0xyPassw0rd \x1b[1m\r\n\r\n".encode()
    with PlainServer(lambda _head: response) as server:
        proxy = ProxyUrl(f"http://proxyuser:pr0xyPassw0rd@127.0.0.1:{server.port}")
        error = rig("https://api.example.invalid", proxy_url=proxy).failure()

    assert error.message == "api.example.invalid: Tunnel connection failed: 407 *** ***"


@pytest.mark.parametrize("character", ["#", "/", "?", "€", ":", "@", " "])
@pytest.mark.parametrize("port", ["9", "99999", "abc"])
def test_an_error_masks_the_password_of_a_malformed_proxy(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch, character: str, port: str
) -> None:
    """It is masked wherever a URL parser gives up."""
    proxy = f"http://proxyuser:pr0xy{character}Passw0rd@127.0.0.1:{port}"
    monkeypatch.setenv("http_proxy", proxy)
    try:
        message = str(rig("http://api.example.invalid").failure())
    except ConfigError as error:
        message = str(error)

    assert "pr0xy" not in message
    assert "Passw0rd" not in message


def test_a_proxy_without_a_login_has_none_to_mask() -> None:
    """Only proxies with a login are yielded."""
    settings = {"proxies": {"http": "http://proxy:3128", "https": "http://u:p#w@proxy:3128"}}

    assert list(proxy_logins(settings)) == ["u:p#w", "u:p", "w"]


def test_a_url_that_requests_refuses_fails_at_the_first_request() -> None:
    """Its settings can be read all the same: the walk fails, not the exporter."""
    target = Target(name="default", url=Url("http://*.example.invalid"), api_key=Secret(KEY))

    assert request_settings(requests.Session(), target)["stream"] is True
