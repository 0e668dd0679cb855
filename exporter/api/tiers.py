"""The vendor's API tiers, and the quota that the configuration grants this exporter."""

from typing import Final

from msgspec import Struct

MINUTE: Final = 60.0
HOUR: Final = 3600.0


class Tier(Struct, frozen=True):
    """A tier of the API and its rate limits, in requests; `None` means no limit."""

    name: str
    per_minute: int | None
    per_hour: int | None


TIERS: Final = (
    Tier("standard", 60, 1_000),
    Tier("professional", 300, 5_000),
    Tier("enterprise", 1_000, 20_000),
    Tier("unlimited", None, None),
)
"""The tiers that the vendor documents, smallest first."""


def tier_by_minute_limit(limit: int) -> Tier | None:
    """Return the tier that allows `limit` requests per minute, or `None` if there is none."""
    return next((tier for tier in TIERS if tier.per_minute == limit), None)


class Quota(Struct, frozen=True):
    """The part of the API's limits that this exporter may use.

    :param tier: the name of a tier, or `auto` to derive it from the minute's limit.
    :param share: the fraction of each limit, above 0 and at most 1.
    """

    tier: str = "auto"
    share: float = 1.0

    def share_of(self, limit: int) -> int:
        """Return this exporter's share of a limit, at least one request."""
        return max(1, int(limit * self.share))

    def per_hour(self, minute_limit: int | None) -> int | None:
        """Return the requests per hour, or `None` if the tier is unknown or unlimited.

        :param minute_limit: the requests per minute that the API reports, if known.
        """
        tier = self._tier(minute_limit)
        return None if tier is None or tier.per_hour is None else self.share_of(tier.per_hour)

    def _tier(self, minute_limit: int | None) -> Tier | None:
        if self.tier == "auto":
            return None if minute_limit is None else tier_by_minute_limit(minute_limit)
        return next(tier for tier in TIERS if tier.name == self.tier)
