"""Rate-limit headers, and requests that a budget counts."""

from exporter.api.budget import Budget


def rate_headers(limit: int = 60, remaining: int = 60, reset: float = 0, **more: str) -> dict[str, str]:
    """Make the headers of a response; `more` are others, with `_` for `-`.

    :param reset: the end of the window, in Unix seconds.
    """
    named = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
    }
    return named | {name.replace("_", "-"): text for name, text in more.items()}


def send(budget: Budget, requests: int = 1, *, retry: bool = False) -> None:
    """Count requests that the budget must allow, each finished before the next."""
    for _ in range(requests):
        reservation = budget.take(retry=retry)
        assert reservation is not None, "the budget allows no request"
        reservation.finish()
