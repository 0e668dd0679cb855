"""Hints for the common mistakes in a target's configuration, added to the errors that they cause."""

from exporter.api import BACKUPS
from exporter.config import Target
from exporter.errors import ApiError


def with_hint(error: ApiError, target: Target) -> ApiError:
    """Return the error with a hint if its HTTP status suggests a mistake in the target's configuration."""
    match error.status:
        case 401:
            message = f"{error.message}; is `{target.credential.kind}` right?"
        case 404:
            url = target.url + BACKUPS.path
            message = f"HTTP 404 from {url}; is `url` right? ({error.message})"
        case _:
            return error
    return ApiError(error.reason, message, status=error.status, request_id=error.request_id)
