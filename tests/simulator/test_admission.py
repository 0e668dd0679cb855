"""Rate limits are checked before credentials."""

import pytest

from exporter.simulator import Request
from exporter.simulator.admission import Admission
from exporter.simulator.http.wire import RequestRefusedError
from exporter.simulator.ratelimit import RateLimit


def admission() -> Admission:
    """Return the admission of the standard tier at second 0."""
    return Admission(RateLimit("standard", lambda: 0.0), api_key="id:hidden", token="hidden-token")


def request(**headers: str) -> Request:
    """Return a request with some headers."""
    return Request("GET", "/", {}, headers, 0.0)


@pytest.mark.parametrize("headers", [{"x-api-key": "id:hidden"}, {"authorization": "Bearer hidden-token"}])
def test_either_credential_is_accepted(headers: dict[str, str]) -> None:
    """The key and the token are both accepted."""
    admits = admission()

    admits.check(request(**headers), admits.count())


def test_a_wrong_credential_is_refused() -> None:
    """A token is not accepted as a key."""
    admits = admission()

    with pytest.raises(RequestRefusedError) as caught:
        admits.check(request(**{"x-api-key": "hidden-token"}), admits.count())
    assert caught.value.status == 401


def test_requests_without_a_credential_count_against_the_rate_limits() -> None:
    """The sixty-first request of a minute is refused with 429 before its credential is checked."""
    admits = admission()
    for _ in range(60):
        admits.count()

    with pytest.raises(RequestRefusedError) as caught:
        admits.check(request(), admits.count())
    assert caught.value.status == 429


def test_its_representation_hides_the_credentials() -> None:
    """The representation shows the rate limits, not the key or the token."""
    admits = admission()
    admits.count()

    assert repr(admits) == "Admission(RateLimit([_Window(1/60 in 60s), _Window(1/1000 in 3600s)]))"
