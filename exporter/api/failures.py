"""Why a request failed: the one place that maps HTTP statuses and exceptions to a `Reason`."""

from collections.abc import Callable
from typing import Final

import requests
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.exceptions import TimeoutError as SocketTimeoutError

from exporter.api.error_body import decode_error
from exporter.errors import ApiError, Reason

_BY_STATUS: Final = {401: Reason.AUTH, 403: Reason.FORBIDDEN, 429: Reason.RATE_LIMITED}
_BY_STATUS_CLASS: Final = {4: Reason.CLIENT_ERROR, 5: Reason.SERVER_ERROR}
_DEFAULT_MESSAGES: Final = {
    3: "the API redirects; redirects are refused because they would send the credential elsewhere;"
    " is `url` right?",
    4: "the API rejected the request without an error message",
    5: "the API failed without an error message",
}


def reason_of_status(status: int) -> Reason:
    """Return why a response with a status other than 200 fails the walk."""
    return _BY_STATUS.get(status) or _BY_STATUS_CLASS.get(status // 100, Reason.BAD_RESPONSE)


def error_of_response(status: int, body: bytes, redact: Callable[[str], str]) -> ApiError:
    """Return the error for a response with a status other than 200.

    :param redact: makes text that the API chose safe to show.
    """
    message, request_id = decode_error(body)
    return ApiError(
        reason_of_status(status),
        redact(message) if message else _default_message(status),
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


def _default_message(status: int) -> str:
    return _DEFAULT_MESSAGES.get(status // 100, "the response is neither a page nor an error")
