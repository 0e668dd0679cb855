"""Logs: one line per event on stderr, in logfmt or JSON, with UTC times. Logging never raises."""

import logging
import sys
from contextlib import suppress
from typing import Any, Final, Literal, TextIO

import structlog

FIRST: Final = ("timestamp", "level", "event")


def configure_logs(level: str, style: Literal["logfmt", "json"]) -> None:
    """Set up the process's logging; libraries log warnings and errors only."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_absent,
            structlog.processors.format_exc_info,
            *_renderers(style),
        ],
        wrapper_class=_never_raising(threshold),
        logger_factory=structlog.WriteLoggerFactory(_Sink(sys.stderr)),  # type: ignore[arg-type] # all it uses
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=max(threshold, logging.WARNING), force=True)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it warns of, our own exceptions tell better
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of each request that is no HTTP


def _renderers(style: Literal["logfmt", "json"]) -> list[structlog.typing.Processor]:
    if style == "json":
        return [structlog.processors.JSONRenderer()]
    return [_escape, structlog.processors.LogfmtRenderer(key_order=FIRST, bool_as_flag=False)]


def _drop_absent(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {key: value for key, value in event.items() if value is not None}


def _escape(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Escape control characters: values come from the API and from clients, and a terminal obeys them."""
    return {
        _printable(key): value if isinstance(value, bool | int | float) else _printable(str(value))
        for key, value in event.items()
    }


def _printable(text: str) -> str:
    """Keep line breaks, which logfmt escapes itself."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


class _Sink:
    """A stream whose failures are dropped: a full disk or a closed stderr must not stop what logs."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream  # `None` where the process began without a stderr

    def write(self, text: str) -> None:
        """Write what can be written."""
        if self._stream is not None:
            with suppress(OSError, ValueError):  # the latter of a stream that was closed
                self._stream.write(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.flush()


def _never_raising(threshold: int) -> type[structlog.typing.FilteringBoundLogger]:
    """Return a logger class that logs an event which cannot be rendered by its name alone."""
    base: Any = structlog.make_filtering_bound_logger(threshold)

    class NeverRaising(base):  # type: ignore[misc] # structlog makes the class at run time
        def _proxy_to_logger(self, method_name: str, event: str | None = None, **facts: Any) -> None:  # noqa: ANN401 - structlog's
            try:
                super()._proxy_to_logger(method_name, event, **facts)
            except Exception as error:  # noqa: BLE001 - a value whose text cannot be had may raise anything
                with suppress(Exception):
                    plain = structlog.get_logger().new()
                    base._proxy_to_logger(plain, method_name, event, log_error=type(error).__name__)  # noqa: SLF001 - documented for wrappers

    return NeverRaising


class _ToStructlog(logging.Handler):
    """Passes what libraries log to structlog, so that all lines have one form."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's arguments that do not fit its own format
            text = str(record.msg)
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # structlog knows no levels in between
        structlog.get_logger().log(level, text, logger=record.name, exc_info=record.exc_info or None)
