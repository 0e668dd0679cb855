"""Parses numbers and dates in HTTP headers. Extreme values never overflow."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Final

LARGEST: Final = 10**15
"""The bound of numbers: above any count and any Unix time in milliseconds, and exact as a float."""
_WHOLE: Final = re.compile(r"([+-]?)0*([0-9]+)", re.ASCII)
_DIGITS: Final = len(str(LARGEST))


def whole_number(text: str | None) -> int | None:
    """Return a header's value as a whole number, clipped to 0 and `LARGEST`; `None` if it is none."""
    match = _WHOLE.fullmatch(text.strip()) if text else None
    if match is None:
        return None
    sign, digits = match.groups()
    if sign == "-":
        return 0
    return LARGEST if len(digits) > _DIGITS else min(int(digits), LARGEST)


def number(text: str | None) -> float | None:
    """Return a header's value as a finite number, clipped to ±`LARGEST`; `None` if it is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return max(-float(LARGEST), min(value, float(LARGEST))) if isfinite(value) else None


def unix_time(text: str | None) -> float | None:
    """Return an HTTP date as Unix time; `None` if the value is no date.

    The format: https://www.rfc-editor.org/rfc/rfc9110#http.date. A date without a zone is UTC.
    """
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return _timestamp(moment)


def _timestamp(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
