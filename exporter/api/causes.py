"""What went wrong in an exchange, without the layers of exceptions around it, and a hint."""

import ssl
from http.client import BadStatusLine, HTTPException, IncompleteRead, RemoteDisconnected, UnknownProtocol
from typing import Final

NOT_TLS: Final = frozenset({"HTTP_REQUEST", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"})
"""OpenSSL's reasons for bytes that are not TLS."""
_TLS_ALERT: Final = "\x15\x03"
"""The type and version with which a TLS server's refusal of plain HTTP begins (RFC 8446, section 5.1)."""

_BY_REASON: Final = {
    "KEY_VALUES_MISMATCH": "`tls_config.key_file` is not the key of `tls_config.cert_file`",
    "NO_CERTIFICATE_OR_CRL_FOUND": "`tls_config.ca_file` holds no certificate in PEM",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": (
        "the server requires a client certificate: set `tls_config.cert_file`"
    ),
}
"""What is wrong with the settings, by OpenSSL's reason: its own messages name no file."""
_MALFORMED: Final = {
    "SSL": "`tls_config.cert_file` and `key_file` are not a certificate and its key in PEM",
    "X509": "`tls_config.ca_file` holds no certificate in PEM",
}
"""The same for files that OpenSSL cannot parse, by its library: it gives no reason."""


def describe_cause(error: BaseException, url: str) -> str:
    """Return the message of the innermost exception, or how the response breaks HTTP/1.1.

    :param url: what was requested: its scheme decides on the hint.
    """
    while inner := _inner(error):
        error = inner
    if problem := _problem_of_response(error) or _problem_of_settings(error):
        return problem
    is_plain = url.startswith("http:")
    match error:
        case ssl.SSLCertVerificationError():
            hint = "; does `tls_config.ca_file` hold the CA that signed it?" if _is_untrusted(error) else ""
            return f"certificate verify failed: {error.verify_message}{hint}"
        case ssl.SSLError(reason=reason) if reason in NOT_TLS:
            return f"the server does not speak TLS; did you mean http://? ({reason})"
        case ssl.SSLEOFError():
            return "the server closed the connection during the TLS handshake; did you mean http://?"
        case ConnectionResetError() | ConnectionAbortedError() if is_plain:
            return f"{error.strerror or error}; did you mean https://?"
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _inner(error: BaseException) -> BaseException | None:
    """Return the exception that another one is about. urllib3's for TLS has it as its argument only.

    An error of http.client is about the response, not about the number that could not be parsed.
    """
    wrapped = next(iter(error.args), None)
    inner = error.__cause__ or error.__context__ or (wrapped if isinstance(wrapped, BaseException) else None)
    return None if isinstance(error, HTTPException) and isinstance(inner, ValueError) else inner


def _problem_of_response(error: BaseException) -> str | None:
    """Return how a response breaks HTTP/1.1; `None` for errors whose own message is enough."""
    match error:
        case RemoteDisconnected():
            return None
        case BadStatusLine() if str(error).startswith(_TLS_ALERT):
            return "the server speaks TLS; did you mean https://?"
        case BadStatusLine() | UnknownProtocol():
            return f'the response is not HTTP/1.1: it begins with "{str(error).strip()}"'
        case IncompleteRead(expected=None):
            return "the response ended too early, or has a chunk of malformed size"
        case IncompleteRead(expected=missing):
            return f"the response ended too early: {missing} more bytes were expected"
    return None


def _is_untrusted(error: ssl.SSLCertVerificationError) -> bool:
    """Return whether OpenSSL does not know the issuer: X509_V_ERR_… 2, 18, 19, 20 and 21."""
    return error.verify_code in {2, 18, 19, 20, 21}


def _problem_of_settings(error: BaseException) -> str | None:
    """Return what is wrong with `tls_config`; `None` if nothing is known to be."""
    if not isinstance(error, ssl.SSLError):
        return None
    if problem := _BY_REASON.get(error.reason or ""):
        return problem
    return _MALFORMED.get(error.library or "") if "PEM lib" in str(error) else None
