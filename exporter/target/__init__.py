"""One target's state over time: its scrapes, its walks, its last complete snapshot."""

from exporter.target.instances import InstanceList
from exporter.target.outcome import WalkOutcome
from exporter.target.scraper import MAX_WALK_SECONDS, Scraper
from exporter.target.state import result_of_walk
from exporter.target.walk import TargetWalker

__all__ = [
    "MAX_WALK_SECONDS",
    "InstanceList",
    "Scraper",
    "TargetWalker",
    "WalkOutcome",
    "result_of_walk",
]
