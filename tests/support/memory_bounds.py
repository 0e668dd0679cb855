"""Bytes of memory that decoding may take: tests measure it, and docs/security.md states it."""

from typing import Final

PAGE: Final = 400 * 1024 * 1024
MALFORMED_RECORD: Final = 400
