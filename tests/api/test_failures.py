"""The reasons of failures, and what their errors say."""

import pytest
import requests
from urllib3.exceptions import DecodeError, ProtocolError, ReadTimeoutError

from exporter.api.failures import error_of_response, reason_of_exception, reason_of_status
from exporter.errors import Reason
from exporter.redaction import Redactor

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
