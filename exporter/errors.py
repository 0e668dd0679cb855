"""The exceptions that the exporter raises, and the reasons why a walk fails."""

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
    """The base of the exporter's exceptions."""


class ConfigError(ExporterError, ValueError):
    """The user configured something that cannot be used.

    Its text is one printable line, `SOURCE: KEY: PROBLEM, allowed: ALLOWED`, without the parts that are
    `None`. It is a `ValueError` so that a type can raise it while msgspec converts a document.

    :param problem: what is wrong; without one, the text shows what was `found`.
    :param source: what holds the setting: a file's path, a flag or `environment`.
    :param key: the setting: its path in the file, such as `targets[0].url`, or a variable's name.
    :param found: the value as it may be shown, never a secret.
    :param allowed: which values are allowed.
    """

    def __init__(
        self,
        problem: str | None = None,
        *,
        source: str | None = None,
        key: str | None = None,
        found: str | None = None,
        allowed: str | None = None,
    ) -> None:
        self.problem = f"found {found}" if problem is None else problem
        self.source = source
        self.key = key
        self.found = found
        self.allowed = allowed
        line = ": ".join(part for part in (source, key, self.problem) if part)
        super().__init__(printable_line(f"{line}, allowed: {allowed}" if allowed else line))

    def within(self, *, source: str | None = None, key: str | None = None) -> "ConfigError":
        """Return this error with its place: `key` is the path to the block in which `self.key` was found."""
        path = ".".join(part for part in (key, self.key) if part) or None
        return ConfigError(
            self.problem, source=source or self.source, key=path, found=self.found, allowed=self.allowed
        )


class WalkCrashedError(ExporterError):
    """An unexpected exception ended the last walk: a bug of the exporter. Its traceback is in the log."""

    def __str__(self) -> str:
        return "unexpected error while walking the API: see the log"


class ApiError(ExporterError):
    """A request to the API failed, or its response cannot be used.

    :param message: what went wrong; it may quote the API and becomes one short printable line.
    :param status: the HTTP status; `None` if there was no response.
    :param request_id: the API's id of the request; the vendor's documentation says to log it.
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
    """The connection failed before a byte of the request was sent: the API cannot have counted it."""
