"""Which requests the API accepts: within its rate limits, with one of its credentials."""

from exporter.simulator.http.message import Request
from exporter.simulator.http.wire import RequestRefusedError
from exporter.simulator.ratelimit import Allowance, RateLimit


class Admission:
    """Counts requests and refuses those that the API does not accept.

    :param api_key: accepted as the header `X-Api-Key`.
    :param token: accepted as a bearer token.
    """

    def __init__(self, rate_limit: RateLimit, *, api_key: str, token: str) -> None:
        self._rate_limit = rate_limit
        self._credentials = {"x-api-key": api_key, "authorization": f"Bearer {token}"}

    def __repr__(self) -> str:
        return f"Admission({self._rate_limit})"

    def count(self) -> Allowance:
        """Count one request against the rate limits."""
        return self._rate_limit.take()

    def check(self, request: Request, allowance: Allowance) -> None:
        """Accept a request that has been counted.

        :raises RequestRefusedError: 429 over the rate limits, 401 without a valid credential.
        """
        if allowance.retry_after is not None:
            raise RequestRefusedError(
                429, "Rate limit exceeded", f"Retry after {allowance.retry_after} seconds"
            )
        if not any(request.headers.get(name) == secret for name, secret in self._credentials.items()):
            raise RequestRefusedError(401, "Authentication required or token invalid")
