"""One target's state over time: its scrapes, its walks, its last complete snapshot."""

from exporter.target.instances import InstanceList
from exporter.target.outcome import WalkOutcome
from exporter.target.scraper import MAX_WALK_SECONDS, Scraper
from exporter.target.state import scrape_result_of
from exporter.target.walker import TargetWalker

__all__ = [
    "MAX_WALK_SECONDS",
    "InstanceList",
    "Scraper",
    "TargetWalker",
    "WalkOutcome",
    "scrape_result_of",
]
