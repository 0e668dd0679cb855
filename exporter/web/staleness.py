"""Whether what a target's last walk found is still current."""

from typing import Final

from msgspec.structs import replace

from exporter.results import TargetStatus

STALE_SECONDS: Final = 3600.0
"""Seconds without a complete walk, beyond the interval of walks, after which `ByCloudScrapeStale` fires.

It is the default of the rules' setting `stale_seconds`.
"""


def as_outdated_if_stale(status: TargetStatus, now: float) -> TargetStatus:
    """Return a status, as outdated if no walk has been complete for too long.

    Pages start no walk: if nobody scrapes, their data ages without a failure.

    :param now: Unix seconds.
    """
    success = status.result.last_success
    if success is None or now - success <= STALE_SECONDS + (status.result.walk_interval or 0.0):
        return status
    return replace(status, result=replace(status.result, snapshot=None))
