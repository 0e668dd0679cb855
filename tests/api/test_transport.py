"""HTTP exchanges on real sockets: requests, bodies, TLS and errors."""

import gzip
import ssl
import traceback
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import trustme

from exporter.config import Secret, TlsConfig
from exporter.errors import Reason
from exporter.simulator import Quirks, bulk_backups
from tests.support.client_rig import KEY, MakeRig, Rig
from tests.support.faults import CannedReply, FaultyApi, Raw
from tests.support.plain_server import PlainServer, forward_to
from tests.support.programs import refusing_port

MIB = 1024 * 1024


def _open_a_bomb() -> tuple[Reason, str, int]:
    """Walk an API that sends 300 MiB as 300 kB, in a process whose memory is used by this walk only."""
    bomb = gzip.compress(bytes(300 * MIB), compresslevel=1)
    with FaultyApi(backups=bulk_backups(45, 6)) as api:
        api.faults.add(CannedReply(200, {"Content-Encoding": "gzip"}, bomb))
        made = Rig(api.url)
        tracemalloc.start()
        error = made.failure()
        peak = tracemalloc.get_traced_memory()[1]
        made.api.close()
    return error.reason, error.message, peak


def test_a_request_has_the_documented_headers_and_parameters(api: FaultyApi, rig: MakeRig) -> None:
    """The key is in its header; the agent names the exporter; a page has `limit` and `marker`."""
    rig(api.url).walk(20)

    first, second, _ = api.requests
    assert first.headers["x-api-key"] == KEY
    assert "authorization" not in first.headers
    assert first.headers["user-agent"].startswith("bycloud-backup-exporter/")
    assert first.headers["connection"] == "keep-alive"
    assert first.query == {"limit": "20"}
    assert second.query == {"limit": "20", "marker": bulk_backups(45, 6)[19].id}


def test_a_token_is_sent_as_bearer(api: FaultyApi, rig: MakeRig) -> None:
    """The other way to authenticate."""
    made = rig(api.url, api_key=None, token=Secret("demo-token"))

    assert made.walk(20).snapshot is not None
    assert api.requests[0].headers["authorization"] == "Bearer demo-token"


def test_no_netrc_replaces_the_credential(
    api: FaultyApi, rig: MakeRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `.netrc` for the API's host is ignored."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    rig(api.url).walk(20)

    assert "authorization" not in api.requests[0].headers


def test_no_netrc_is_read_for_a_redirect(
    api: FaultyApi, rig: MakeRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests would read it for the redirect's address and fail on a malformed one."""
    netrc = tmp_path / "netrc"
    netrc.write_bytes(b"machine caf\xe9 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    api.faults.add(CannedReply(302, {"Location": f"{api.url}/elsewhere"}, b""))

    assert rig(api.url).failure().reason is Reason.BAD_RESPONSE


def test_redirects_are_refused(api: FaultyApi, rig: MakeRig) -> None:
    """The credential is sent to no other host."""
    with FaultyApi(backups=()) as other:
        api.faults.add(CannedReply(302, {"Location": f"{other.url}/v1/database-backups"}))

        error = rig(api.url).failure()

        assert error.reason is Reason.BAD_RESPONSE
        assert "redirects are refused" in error.message
        assert other.requests == []


def test_connections_are_kept_between_pages_and_walks(api: FaultyApi, rig: MakeRig) -> None:
    """Six pages of two walks use one connection."""
    with PlainServer(forward_to(api)) as server:
        made = rig(f"http://127.0.0.1:{server.port}")
        made.walk(20)
        made.walk(20)

    assert len(api.requests) == 6
    assert server.connections == 1


@pytest.mark.parametrize(
    "raw",
    {
        "status line": b"%s \r\n\r\n",
        "long status line": b"HTTP/1.1 2OO " + b"x" * 60_000 + b"%s\r\n\r\n",
        "status line with escapes": b"\x1b[31m%s\x1b]0;%s\x07 \x9b\r\n\r\n",
        "chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
        "long chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"x" * 60_000
        + b"%s\r\n",
        "lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1, %s\r\n\r\n",
        "unequal lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\nX-Echo: %s\r\n\r\n",
        "encoding": b"HTTP/1.1 200 OK\r\nContent-Encoding: %s, gzip\r\nContent-Length: 3\r\n\r\nabc",
    }.items(),
    ids=lambda raw: raw[0],
)
@pytest.mark.parametrize("secret", [KEY, "demo%3Ademo-secret", "ZGVtbzpkZW1vLXNlY3JldA=="])
def test_a_malformed_response_is_described_safely(
    api: FaultyApi, rig: MakeRig, raw: tuple[str, bytes], secret: str
) -> None:
    """The error is one short printable line without the credential, wherever the response echoes it."""
    api.faults.add(Raw(raw[1].replace(b"%s", secret.encode())), times=None)

    error = rig(api.url).failure()

    assert secret not in str(error)
    assert "demo-secret" not in "".join(traceback.format_exception(error))
    assert str(error).isprintable()
    assert len(error.message) <= 300


def test_a_refused_connection_is_described(rig: MakeRig) -> None:
    """The reason is `connection`, the message is the operating system's."""
    with refusing_port() as port:
        error = rig(f"http://127.0.0.1:{port}").failure()

    assert error.reason is Reason.CONNECTION
    assert error.message == f"127.0.0.1:{port}: Connection refused"


def test_an_unknown_host_is_a_connection_failure(rig: MakeRig) -> None:
    """A name that does not resolve has the reason `connection`."""
    assert rig("http://no-such-host.invalid").failure().reason is Reason.CONNECTION


def test_a_gzip_bomb_costs_no_more_than_the_largest_body() -> None:
    """300 MiB sent as 300 kB are refused at 64 MiB."""
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        reason, message, peak = alone.submit(_open_a_bomb).result()

    assert reason is Reason.BAD_RESPONSE
    assert "larger than" in message
    assert peak < 80 * MIB


class CountedDecompression:
    """Decompresses like zlib, and counts the bytes that each call receives."""

    received = 0

    def __init__(self, *arguments: int, new: Callable[..., Any] = zlib.decompressobj) -> None:
        self._inner = new(*arguments)

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        """Count and decompress."""
        CountedDecompression.received += len(data)
        return bytes(self._inner.decompress(data, max_length))

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def test_a_body_of_many_gzip_members_takes_little_time(
    api: FaultyApi, rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each empty member copies what follows it in the chunk. No deadline cuts the decompression."""
    members = gzip.compress(b"") * 10_000
    api.faults.add(CannedReply(200, {"Content-Encoding": "gzip"}, members))
    monkeypatch.setattr(CountedDecompression, "received", 0)
    monkeypatch.setattr("zlib.decompressobj", CountedDecompression)
    error = rig(api.url).failure()

    assert error.reason is Reason.BAD_RESPONSE
    assert len(members) <= CountedDecompression.received < 2_000 * len(members)


@pytest.mark.parametrize("location", ["/elsewhere", "http://[::1", "http://\ud800", "//", "x" * 60_000])
def test_the_body_of_a_redirect_is_bounded_too(api: FaultyApi, rig: MakeRig, location: str) -> None:
    """Requests would read it whole."""
    head = b"HTTP/1.1 302 Found\r\nContent-Encoding: gzip\r\nLocation: %s\r\n\r\n"
    bomb = gzip.compress(bytes(300 * MIB), compresslevel=1)
    api.faults.add(Raw(head % location.encode(errors="surrogatepass") + bomb))
    made = rig(api.url)
    tracemalloc.start()

    error = made.failure()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert error.reason is Reason.BAD_RESPONSE
    assert "larger than" in error.message
    assert peak < 80 * MIB


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip,gzip,gzip,gzip,gzip,gzip"])
def test_an_encoding_that_was_not_requested_is_refused(api: FaultyApi, rig: MakeRig, encoding: str) -> None:
    """A chain of encodings multiplies what a byte may cost."""
    api.faults.add(CannedReply(200, {"Content-Encoding": encoding}, b"{}"))

    error = rig(api.url).failure()

    assert error.reason is Reason.BAD_RESPONSE
    assert "was not requested" in error.message


def test_a_compressed_page_is_decoded(rig: MakeRig) -> None:
    """The request accepts gzip."""
    with FaultyApi(backups=bulk_backups(5, 1), quirks=Quirks(gzip=True)) as api:
        outcome = rig(api.url).walk(20)

        assert "gzip" in api.requests[0].headers["accept-encoding"]

    assert outcome.snapshot is not None


@pytest.fixture
def authority() -> trustme.CA:
    """Return a certificate authority that no system trusts."""
    return trustme.CA()


@pytest.fixture
def secured(authority: trustme.CA) -> Iterator[FaultyApi]:
    """Run the API with a certificate of the authority, which must also have issued a client's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    with FaultyApi(backups=bulk_backups(5, 1), ssl_context=context) as running:
        yield running


def test_an_untrusted_certificate_is_refused(secured: FaultyApi, rig: MakeRig) -> None:
    """Verification is on, and its failure has its own reason."""
    error = rig(secured.url).failure()

    assert error.reason is Reason.TLS
    assert "certificate verify failed" in error.message


def test_a_configured_authority_is_trusted(
    secured: FaultyApi, authority: trustme.CA, rig: MakeRig, tmp_path: Path
) -> None:
    """`ca_file` works with a client certificate in one file and in two."""
    ca_file, both, cert, key = (tmp_path / name for name in ("ca", "both", "cert", "key"))
    issued = authority.issue_cert("client@example.com")
    authority.cert_pem.write_to_path(ca_file)
    issued.private_key_and_cert_chain_pem.write_to_path(both)
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    settings = (
        TlsConfig(ca_file=ca_file),
        TlsConfig(ca_file=ca_file, cert_file=both),
        TlsConfig(ca_file=ca_file, cert_file=cert, key_file=key),
    )

    outcomes = [rig(secured.url, tls_config=tls).walk(20) for tls in settings]

    assert all(outcome.snapshot for outcome in outcomes)


def test_insecure_skip_verify_accepts_any_certificate(secured: FaultyApi, rig: MakeRig) -> None:
    """There is no warning for every request."""
    made = rig(secured.url, tls_config=TlsConfig(insecure_skip_verify=True))

    assert made.walk(20).snapshot is not None


def test_a_missing_certificate_file_fails_the_walk(secured: FaultyApi, rig: MakeRig) -> None:
    """The reason is `tls`; the exporter keeps running."""
    error = rig(secured.url, tls_config=TlsConfig(ca_file=Path("/nowhere/ca.pem"))).failure()

    assert error.reason is Reason.TLS
    assert "/nowhere/ca.pem" in error.message
