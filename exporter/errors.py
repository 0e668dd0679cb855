"""What can go wrong, as one family of exceptions."""

from enum import StrEnum

from exporter.printable import printable_line
from exporter.redaction import short_line


class Reason(StrEnum):
    """Why a walk failed: the values of `bycloud_scrape_failure`'s label `reason`."""

    AUTH = "auth"
    FORBIDDEN = "forbidden"
    CLIENT_ERROR = "client_error"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    SERVER_ERROR = "server_error"
    BAD_RESPONSE = "bad_response"
    PAGINATION = "pagination"


class ExporterError(Exception):
    """The base of every error that this package raises on purpose."""


class ConfigError(ExporterError):
    """What the user configured cannot be used; its text is the one printable line to show."""

    def __init__(self, problem: str) -> None:
        super().__init__(printable_line(problem))


class WalkCrashedError(ExporterError):
    """An unexpected exception ended the last walk: a bug of the exporter, whose traceback is in the log."""

    def __str__(self) -> str:
        return "unexpected error while walking the API: see the log"


class ApiError(ExporterError):
    """The API did not give what a walk needs.

    `message` and `request_id` may quote what came from outside: both are one short, printable line.
    `status` is the HTTP status where an answer came, `request_id` the API's own name for that request: the
    vendor asks clients to log it.
    """

    def __init__(
        self, reason: Reason, message: str, *, status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(short_line(message))
        self.reason = reason
        self.message = short_line(message)
        self.status = status
        self.request_id = request_id and short_line(request_id)

    def __str__(self) -> str:
        facts = [f"HTTP {self.status}"] if self.status else []
        facts += [f"request_id {self.request_id}"] if self.request_id else []
        return f"{self.message} ({', '.join(facts)})" if facts else self.message


class UnsentRequestError(ApiError):
    """The connection failed before any byte of the request was sent: the API cannot have counted it."""
