"""The process's logging: one line per event on stderr, in logfmt or JSON, in UTC. Logging never raises."""

import logging
import sys
from contextlib import suppress
from typing import Any, Final, Literal

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from exporter.printable import escape_unprintable

FIRST_KEYS: Final = ("timestamp", "level", "event")


def configure_logs(level: str, log_format: Literal["logfmt", "json"]) -> None:
    """Configure structlog, and the standard library's logging for what libraries log.

    :param level: the lowest level to log. Libraries log `warning` and above only.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_absent,
            structlog.processors.format_exc_info,
            *_renderers(log_format),
        ],
        wrapper_class=_never_raising(threshold),
        logger_factory=structlog.WriteLoggerFactory(_Sink()),  # type: ignore[arg-type] # it only writes and flushes
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=max(threshold, logging.WARNING), force=True)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings repeat what our exceptions say
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of every request that is not HTTP


def _renderers(log_format: Literal["logfmt", "json"]) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.JSONRenderer()]
    return [_escape, structlog.processors.LogfmtRenderer(key_order=FIRST_KEYS, bool_as_flag=False)]


def _drop_absent(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {key: value for key, value in event.items() if value is not None}


def _escape(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Escape control characters: values come from the API and from clients, and a terminal obeys them."""
    return {
        _printable(key): value if isinstance(value, bool | int | float) else _printable(str(value))
        for key, value in event.items()
    }


def _printable(text: str) -> str:
    return escape_unprintable(text, keep="\n")  # logfmt escapes line breaks itself


class _Sink:
    """Standard error, without its errors: a full disk or a closed stderr must not stop the exporter.

    It is looked up at each write, since a progress display replaces it in order to print above itself.
    """

    def __repr__(self) -> str:
        return f"<_Sink of {sys.stderr!r}>"

    def write(self, text: str) -> None:
        """Write if possible."""
        if sys.stderr is not None:  # `None` if the process started without one
            with suppress(OSError, ValueError):  # a closed stream raises `ValueError`
                sys.stderr.write(text)

    def flush(self) -> None:
        """Flush if possible."""
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.flush()


def _never_raising(threshold: int) -> type[FilteringBoundLogger]:
    """Return a logger class that logs an event without its values if those cannot be rendered."""
    base: Any = structlog.make_filtering_bound_logger(threshold)

    class NeverRaising(base):  # type: ignore[misc] # structlog makes the class at run time
        def _proxy_to_logger(self, method_name: str, event: str | None = None, **values: Any) -> None:  # noqa: ANN401 - structlog's
            try:
                super()._proxy_to_logger(method_name, event, **values)
            except Exception as error:  # noqa: BLE001 - a value's `__str__` may raise anything
                with suppress(Exception):
                    plain = structlog.get_logger().new()
                    base._proxy_to_logger(plain, method_name, event, log_error=type(error).__name__)  # noqa: SLF001 - documented for wrappers

    return NeverRaising


class _ToStructlog(logging.Handler):
    """Passes what libraries log to structlog, so that all lines have one format."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record, at the next lower level that structlog knows."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's arguments that do not fit its own format
            text = str(record.msg)
        level = min(record.levelno // 10 * 10, logging.CRITICAL)
        structlog.get_logger().log(level, text, logger=record.name, exc_info=record.exc_info or None)
