"""Pages of backups, from JSON objects by way of bytes."""

import json
from typing import Final

import pytest

from exporter.api import BACKUPS, decode_page
from exporter.errors import ApiError
from exporter.records import Backup, Page

UNDOCUMENTED: Final = {"status": "COMPLETED"}
"""A record without an id: a page that holds it is decoded record by record."""


def page_of(*records: object, **rest: object) -> Page[Backup]:
    """Decode a page of these records and other keys."""
    return decode_page(BACKUPS, json.dumps({"database_backups": records, **rest}).encode())


def refusal(body: bytes) -> ApiError:
    """Return the error of a body that is refused."""
    with pytest.raises(ApiError) as raised:
        decode_page(BACKUPS, body)
    return raised.value
