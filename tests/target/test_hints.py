"""Hints for mistakes in a target's configuration."""

import pytest

from exporter.errors import ApiError, Reason
from exporter.target.hints import with_hint
from tests.support.targets import target


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "no; is `api_key` right?"),
        (404, "HTTP 404 from https://x/v1/v1/database-backups; is `url` right? (no)"),
    ],
)
def test_a_status_that_the_configuration_may_have_caused_gets_a_hint(status: int, message: str) -> None:
    """The hint names the key of the configuration; everything else about the error is unchanged."""
    error = ApiError(Reason.CLIENT_ERROR, "no", status=status, request_id="req-1")
    hinted = with_hint(error, target(url="https://x/v1"))

    assert hinted.message == message
    assert (hinted.reason, hinted.status, hinted.request_id) == (Reason.CLIENT_ERROR, status, "req-1")


@pytest.mark.parametrize("status", [None, 400, 403, 429, 500])
def test_other_errors_stay_as_they_are(status: int | None) -> None:
    """No key of the configuration is a likely cause."""
    error = ApiError(Reason.SERVER_ERROR, "no", status=status)

    assert with_hint(error, target()) is error
