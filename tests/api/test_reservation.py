"""A request that a budget has counted."""

import pytest

from exporter.api.reservation import Reservation
from exporter.errors import ApiError, Reason, UnsentRequestError


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (UnsentRequestError(Reason.CONNECTION, "refused"), "cancelled"),
        (ApiError(Reason.TIMEOUT, "no response"), "finished"),
        (KeyboardInterrupt(), "finished"),
    ],
)
def test_only_an_unsent_request_is_cancelled(error: BaseException, ended: str) -> None:
    """Any other failure may have reached the API, which counts it."""
    endings: list[str] = []
    reservation = Reservation(lambda: endings.append("finished"), lambda: endings.append("cancelled"))

    with pytest.raises(type(error)), reservation:
        raise error

    assert endings == [ended]


def test_a_block_without_an_error_finishes() -> None:
    """The response has arrived."""
    endings: list[str] = []
    with Reservation(lambda: endings.append("finished"), lambda: endings.append("cancelled")):
        pass

    assert endings == ["finished"]
