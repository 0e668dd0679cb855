"""What the pages know of a target."""

from exporter.results import TargetStatus
from exporter.target import Scraper


def target_status(scraper: Scraper) -> TargetStatus:
    """Return what a target's last walks showed, without a walk."""
    result = scraper.last_result()
    return TargetStatus(result, result.snapshot, None)
