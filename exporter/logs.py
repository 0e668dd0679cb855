"""Logs: one line an event on stderr, in logfmt or JSON, with the time and the place in UTC."""

import logging
import sys
from typing import Final, Literal

import structlog

LEVELS: Final = ("debug", "info", "warning", "error")
FORMATS: Final = ("logfmt", "json")
FIRST: Final = ("timestamp", "level", "event")


def configure_logs(level: str, style: Literal["logfmt", "json"]) -> None:
    """Set the process's logging up; of libraries, warnings and errors are told."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_absent,
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=FIRST)
            if style == "logfmt"
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=max(threshold, logging.WARNING), force=True)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it warns of, our own exceptions tell better
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of each request that is no HTTP


def _drop_absent(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {key: value for key, value in event.items() if value is not None}


class _ToStructlog(logging.Handler):
    """Passes what libraries log to structlog, so that there is one form of line."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info or None)
