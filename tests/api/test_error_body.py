"""Error bodies of the API."""

import json

import pytest

from exporter.api.error_body import LARGEST_ERROR_BODY, decode_error


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"error": {"code": 401, "message": "No", "details": "expired", "request_id": "req-1"}}',
            ("No: expired", "req-1"),
        ),
        (b'{"error": {"code": 401, "message": "No"}}', ("No", None)),
        (b'{"error": {"details": "only", "request_id": 5}}', ("only", None)),
        (b'{"error": {"message": ["No"], "request_id": "\\ud800"}}', (None, "?")),
        (b'{"error": {}}', (None, None)),
        (b'{"error": null}', (None, None)),
        (b'{"error": "No"}', (None, None)),
        (b"{}", (None, None)),
        (b"[]", (None, None)),
        (b"<html>\xff", (None, None)),
        (b"", (None, None)),
        (b"[" * 100_000, (None, None)),
    ],
)
def test_message_and_request_id_of_an_error_body(
    body: bytes, expected: tuple[str | None, str | None]
) -> None:
    """Each is used if it is present and a text."""
    assert decode_error(body) == expected


def test_a_long_error_body_is_ignored() -> None:
    """The vendor's are short; decoding a long one would cost memory."""
    assert decode_error(json.dumps({"error": {"message": "x" * LARGEST_ERROR_BODY}}).encode()) == (None, None)
