"""The reasons of failures, and what their errors say."""

import ssl

import pytest
import requests
from urllib3.exceptions import DecodeError, ProtocolError, ReadTimeoutError
from urllib3.exceptions import SSLError as PoolTlsError

from exporter.api.failures import (
    describe_exception,
    error_of_response,
    reason_of_exception,
    reason_of_status,
)
from exporter.errors import Reason
from exporter.redaction import Redactor
from exporter.simulator import Answer, ErrorBody, SimulatedApi
from tests.support.client_rig import MakeRig

REDACT = Redactor("demo:demo-secret")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (204, Reason.BAD_RESPONSE),
        (302, Reason.BAD_RESPONSE),
        (400, Reason.CLIENT_ERROR),
        (401, Reason.AUTH),
        (403, Reason.FORBIDDEN),
        (404, Reason.CLIENT_ERROR),
        (429, Reason.RATE_LIMITED),
        (500, Reason.SERVER_ERROR),
        (599, Reason.SERVER_ERROR),
        (700, Reason.BAD_RESPONSE),
    ],
)
def test_every_status_has_a_reason(status: int, reason: Reason) -> None:
    """Three statuses have their own; the others have that of their class."""
    assert reason_of_status(status) is reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (requests.exceptions.SSLError(), Reason.TLS),
        (requests.ConnectTimeout(), Reason.TIMEOUT),
        (ReadTimeoutError(None, "/", "late"), Reason.TIMEOUT),  # type: ignore[arg-type] # urllib3's pool is unused
        (DecodeError(), Reason.BAD_RESPONSE),
        (requests.ConnectionError(), Reason.CONNECTION),
        (ProtocolError(), Reason.CONNECTION),
        (ConnectionResetError(), Reason.CONNECTION),
        (UnicodeEncodeError("latin-1", "€", 0, 1, "no"), Reason.CONNECTION),
        (FileNotFoundError(), Reason.TLS),
    ],
)
def test_every_exception_has_a_reason(error: Exception, reason: Reason) -> None:
    """Requests raises a plain `OSError` only for certificate files."""
    assert reason_of_exception(error) is reason


@pytest.mark.parametrize(
    ("status", "words"),
    [(204, "neither a page"), (302, "redirects are refused"), (400, "rejected"), (500, "failed")],
)
def test_a_response_without_a_message_is_described(status: int, words: str) -> None:
    """The description depends on the class of the status."""
    assert words in error_of_response(status, b"", REDACT).message


def test_a_missing_list_points_at_the_configured_url() -> None:
    """The path is fixed, so a 404 for it means a wrong `url`."""
    url = "https://api.example.invalid/v1/v1/database-backups"
    error = error_of_response(404, b"", REDACT, expected_url=url)

    assert f"nothing found at {url}; is the target's `url` right?" in error.message
    assert error.status == 404


@pytest.mark.parametrize("fault", [Answer(404), ErrorBody(404, "no such page")])
def test_a_404_for_the_first_page_points_at_the_configured_url(
    api: SimulatedApi, rig: MakeRig, fault: Answer
) -> None:
    """An API below another path fails the first walk with a hint."""
    api.faults.add(fault)

    error = rig(api.url).failure()

    assert f"{api.url}/v1/database-backups; is the target's `url` right?" in error.message


def test_the_innermost_exception_is_described() -> None:
    """The layers of requests and urllib3 only repeat it."""
    inner = ConnectionRefusedError(111, "Connection refused")
    outer = requests.ConnectionError("HTTPConnectionPool(...): Max retries exceeded")
    outer.__cause__ = inner

    assert describe_exception(outer) == "Connection refused"


def test_an_exception_without_a_text_is_named() -> None:
    """A message is never empty."""
    assert describe_exception(TimeoutError()) == "TimeoutError"


def test_a_plain_text_answer_to_a_handshake_gets_a_hint() -> None:
    """OpenSSL's own words, `wrong version number`, do not say what to change."""
    incoming = ssl.MemoryBIO()
    incoming.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    connection = ssl.create_default_context().wrap_bio(incoming, ssl.MemoryBIO(), server_hostname="x")
    with pytest.raises(ssl.SSLError) as failure:
        connection.do_handshake()

    assert describe_exception(failure.value) == (
        "the server does not seem to speak TLS; did you mean http://?"
    )


def test_other_tls_failures_keep_their_text() -> None:
    """A certificate that cannot be verified is another problem."""
    inner = ssl.SSLCertVerificationError(1, "certificate verify failed")
    outer = requests.exceptions.SSLError(PoolTlsError(inner))
    outer.__cause__ = inner

    assert "certificate verify failed" in describe_exception(outer)
