"""The messages of failed exchanges, and the hints, over real sockets."""

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer, ThreadingTCPServer
from threading import Thread
from typing import Final

import pytest

from exporter.api import Deadlines, HttpTransport
from exporter.config import TlsConfig
from exporter.errors import ApiError, Reason
from tests.support.certificates import Authority
from tests.support.targets import target

OK: Final = b"HTTP/1.1 200 OK\r\n"
TLS_ALERT: Final = b"\x15\x03\x03\x00\x02\x02\x46"
"""Version 1.2, level fatal, protocol_version: what some servers send to a client of plain HTTP."""
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n\r\n"


@contextmanager
def server(handle: Callable[[BaseRequestHandler], object]) -> Iterator[TCPServer]:
    """Run a server that handles every connection with `handle`."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            handle(self)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as made:
        thread = Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()


def failure(url: str, tls_config: TlsConfig | None = None) -> ApiError:
    """Return how a request to a URL fails."""
    made = target(url=url, tls_config=tls_config or TlsConfig())
    transport = HttpTransport(made, Deadlines())
    with pytest.raises(ApiError) as caught:
        transport.get("/", {}, made.credential.read(), 10, lambda *_: None)
    transport.close()
    return caught.value


def answer_in_plain_text(handler: BaseRequestHandler) -> None:
    """Respond as an HTTP server without TLS does."""
    handler.request.recv(1)
    handler.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    while handler.request.recv(4096):
        pass


def hang_up(handler: BaseRequestHandler) -> None:
    """Read a request and close the connection in order."""
    handler.request.recv(4096)


def reset(handler: BaseRequestHandler) -> None:
    """Reset the connection."""
    handler.request.recv(4096)
    handler.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.request.close()


def responds(sent: bytes) -> Callable[[BaseRequestHandler], None]:
    """Return what reads a request, sends these bytes and closes the connection in order."""

    def respond(handler: BaseRequestHandler) -> None:
        handler.request.recv(4096)
        handler.request.sendall(sent)

    return respond


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", 'the response is not HTTP/1.1: it begins with "SSH-2.0-OpenSSH_9.2"'),
        (TLS_ALERT, "the server speaks TLS; did you mean https://?"),
        (b"\r\n", 'the response is not HTTP/1.1: it begins with ""'),
        (b"HTTP/9.9 200 OK\r\n\r\n", 'the response is not HTTP/1.1: it begins with "HTTP/9.9"'),
        (b"HTTP/1.1 abc OK\r\n\r\n", 'the response is not HTTP/1.1: it begins with "HTTP/1.1 abc OK"'),
        (OK + b"Content-Length: 100\r\n\r\nabc", "the response ended too early: 97 more bytes were expected"),
        (OK + CHUNKED + b"10\r\nabc", "the response ended too early: 13 more bytes were expected"),
        (OK + CHUNKED + b"xyz\r\n", "the response ended too early, or has a chunk of malformed size"),
        (OK + CHUNKED + b"3\r\nabc\r\n", "the response ended too early, or has a chunk of malformed size"),
        (OK + CHUNKED + b"-1\r\nabc", "a chunk of negative size"),
        (OK + b"X: a\r\n" * 120 + b"\r\n", "got more than 100 headers"),
    ],
)
def test_what_is_no_response(sent: bytes, problem: str) -> None:
    """The message says what is wrong with the response, and quotes it."""
    with server(responds(sent)) as made:
        host = f"127.0.0.1:{made.server_address[1]}"
        error = failure(f"http://{host}")

    assert error.reason is Reason.CONNECTION
    assert error.message == f"{host}: {problem}"


def test_https_to_a_server_without_tls() -> None:
    """The hint is the other scheme."""
    with server(answer_in_plain_text) as made:
        host = f"127.0.0.1:{made.server_address[1]}"
        error = failure(f"https://{host}")

    assert error.reason is Reason.TLS
    assert error.message.startswith(f"{host}: the server does not speak TLS; did you mean http://?")


def test_https_to_a_server_that_hangs_up() -> None:
    """Nothing proves that it does not speak TLS: the hint says what happened."""
    with server(hang_up) as made:
        error = failure(f"https://127.0.0.1:{made.server_address[1]}")

    assert error.reason is Reason.TLS
    assert error.message.endswith("during the TLS handshake; did you mean http://?")


def test_http_to_a_server_that_resets() -> None:
    """Many servers with TLS respond to plain HTTP like this."""
    with server(reset) as made:
        error = failure(f"http://127.0.0.1:{made.server_address[1]}")

    assert error.reason is Reason.CONNECTION
    assert error.message.endswith("Connection reset by peer; did you mean https://?")


@pytest.mark.parametrize(
    ("knows_authority", "identity", "problem"),
    [
        (False, "127.0.0.1", "; does `tls_config.ca_file` hold the CA that signed it?"),
        (True, "elsewhere.example", "certificate is not valid for '127.0.0.1'."),
    ],
)
def test_a_certificate_that_is_not_valid(
    tmp_path: Path, *, knows_authority: bool, identity: str, problem: str
) -> None:
    """Only where the issuer is unknown, the hint is the file of authorities."""
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("server", identity).pair)

    def handshake(handler: BaseRequestHandler) -> None:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(handler.request, server_side=True)

    trusted = authority if knows_authority else other
    with server(handshake) as made:
        url = f"https://127.0.0.1:{made.server_address[1]}"
        error = failure(url, TlsConfig(ca_file=trusted.file))

    assert error.reason is Reason.TLS
    assert "certificate verify failed: " in error.message
    assert problem in error.message


@pytest.mark.parametrize(
    ("ca", "cert", "key", "problem"),
    [
        ("key", None, None, "`tls_config.ca_file` holds no certificate in PEM"),
        ("broken", None, None, "`tls_config.ca_file` holds no certificate in PEM"),
        ("ca", "cert", "other", "`tls_config.key_file` is not the key of `tls_config.cert_file`"),
        ("ca", "key", None, "`tls_config.cert_file` and `key_file` are not a certificate and its key in PEM"),
        (
            "ca",
            "cert",
            "broken",
            "`tls_config.cert_file` and `key_file` are not a certificate and its key in PEM",
        ),
    ],
)
def test_files_that_openssl_cannot_use(
    tmp_path: Path, ca: str, cert: str | None, key: str | None, problem: str
) -> None:
    """The message names the setting."""
    authority = Authority(tmp_path)
    mine, other = authority.issue("mine"), authority.issue("other")
    broken = tmp_path / "broken"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    files = {"ca": authority.file, "cert": mine.cert, "key": mine.key, "other": other.key, "broken": broken}
    config = TlsConfig(
        ca_file=files[ca], cert_file=files[cert] if cert else None, key_file=files[key] if key else None
    )
    with server(hang_up) as made:
        error = failure(f"https://127.0.0.1:{made.server_address[1]}", config)

    assert error.reason is Reason.TLS
    assert error.message.endswith(f": {problem}")


def test_a_server_that_requires_a_client_certificate(tmp_path: Path) -> None:
    """The hint is the setting."""
    authority = Authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.load_cert_chain(*authority.issue("server").pair)
    context.verify_mode = ssl.CERT_REQUIRED

    def handshake(handler: BaseRequestHandler) -> None:
        plain = handler.request
        with context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as connection:
            with pytest.raises(ssl.SSLError):
                connection.do_handshake()
            while socket.socket.recv(connection, 4096):  # closed with the request unread, it would be reset
                pass

    with server(handshake) as made:
        url = f"https://127.0.0.1:{made.server_address[1]}"
        error = failure(url, TlsConfig(ca_file=authority.file))

    assert error.message.endswith(": the server requires a client certificate: set `tls_config.cert_file`")
