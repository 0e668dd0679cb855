"""Why a request failed: the one place that maps HTTP statuses and exceptions to a `Reason`."""

import ssl
from collections.abc import Callable
from typing import Final

import requests
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.exceptions import TimeoutError as SocketTimeoutError

from exporter.api.error_body import decode_error
from exporter.errors import ApiError, Reason

_BY_STATUS: Final = {401: Reason.AUTH, 403: Reason.FORBIDDEN, 429: Reason.RATE_LIMITED}
_BY_STATUS_CLASS: Final = {4: Reason.CLIENT_ERROR, 5: Reason.SERVER_ERROR}
_NOT_FOUND: Final = 404
_DEFAULT_MESSAGES: Final = {
    3: "the API sent a redirect; redirects are refused, because they would send the credential elsewhere",
    4: "the API rejected the request without an error message",
    5: "the API failed without an error message",
}
_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
"""OpenSSL's reasons, of different versions, if the server answers the handshake in plain text."""


def reason_of_status(status: int) -> Reason:
    """Return why a response with a status other than 200 fails the walk."""
    return _BY_STATUS.get(status) or _BY_STATUS_CLASS.get(status // 100, Reason.BAD_RESPONSE)


def error_of_response(
    status: int, body: bytes, redact: Callable[[str], str], *, expected_url: str | None = None
) -> ApiError:
    """Return the error for a response with a status other than 200.

    :param redact: makes text that the API chose safe to show.
    :param expected_url: the request's URL if every API of the vendor has it: a 404 then is a wrong `url`.
    """
    message, request_id = decode_error(body)
    message = message or _default_message(status)
    if status == _NOT_FOUND and expected_url:
        message = f"nothing found at {expected_url}; is the target's `url` right? The API: {message}"
    return ApiError(
        reason_of_status(status),
        redact(message),
        status=status,
        request_id=redact(request_id) if request_id else None,
    )


def reason_of_exception(error: Exception) -> Reason:
    """Return why no response was received.

    A `UnicodeError` is a proxy's login that no header can carry. Any other `OSError` is a certificate file
    that requests cannot read.
    """
    match error:
        case requests.exceptions.SSLError():
            return Reason.TLS
        case requests.Timeout() | SocketTimeoutError():
            return Reason.TIMEOUT
        case DecodeError():
            return Reason.BAD_RESPONSE
        case requests.RequestException() | HTTPError() | ConnectionError() | UnicodeError():
            return Reason.CONNECTION
    return Reason.TLS


def describe_exception(error: BaseException) -> str:
    """Return what went wrong at the bottom of a chain of exceptions, without the layers above it."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    if isinstance(error, ssl.SSLError) and getattr(error, "reason", None) in _NO_TLS:
        return "the server does not seem to speak TLS; did you mean http://?"
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _default_message(status: int) -> str:
    return _DEFAULT_MESSAGES.get(status // 100, "the response is neither a page nor an error")
