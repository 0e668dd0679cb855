"""The API's error bodies: `{"error": {"message", "details", "request_id"}}`."""

import json
from typing import Final

from exporter.api.repair import valid_text

LARGEST_ERROR_BODY: Final = 64 * 1024
"""Bytes of an error body that are decoded: the vendor's are short, and long messages are cut anyway."""


def decode_error(body: bytes) -> tuple[str | None, str | None]:
    """Return the message, with its details, and the request id of an error body, as far as it has them."""
    if len(body) > LARGEST_ERROR_BODY:
        return None, None
    try:
        error = json.loads(body.decode(errors="replace")).get("error", {})
        message, details, request_id = (_text(error.get(key)) for key in ("message", "details", "request_id"))
    except (ValueError, RecursionError, AttributeError):
        return None, None
    return ": ".join(part for part in (message, details) if part) or None, request_id


def _text(value: object) -> str | None:
    return valid_text(value) if isinstance(value, str) else None
