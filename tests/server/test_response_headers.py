"""Tests for the configured headers."""

from exporter.server.response_headers import ResponseHeadersMiddleware
from tests.support.serving import App, Client, get, serving


def test_headers_are_added() -> None:
    """A header that the application sends itself is neither replaced nor repeated."""
    app = App()
    app.headers = [(b"x-frame-options", b"deny")]
    headers = [(b"x-frame-options", b"sameorigin"), (b"x-content-type-options", b"nosniff")]
    with serving(ResponseHeadersMiddleware(app, lambda: headers)) as port, Client(port) as client:
        response = client.send(get(b"/", b"Connection: close")).rest()

    assert b"x-frame-options: deny" in response
    assert b"x-content-type-options: nosniff" in response
    assert b"sameorigin" not in response


def test_changed_headers() -> None:
    """Each response has the headers of its time."""
    headers: list[tuple[bytes, bytes]] = []
    with serving(ResponseHeadersMiddleware(App(), lambda: headers)) as port, Client(port) as client:
        client.send(get()).answer()
        headers.append((b"x-frame-options", b"deny"))
        response = client.send(get(b"/", b"Connection: close")).rest()

    assert b"x-frame-options: deny" in response
