"""One target's state over time: its scrapes, its walks, its last complete snapshot.

- `scraper`: `Scraper`, which scrapes call
- `runner`, `running_walk`: at most one walk at a time, in its thread, and its progress
- `walker`: one walk, from requests to a snapshot; `outcome`: how it ended
- `backup_list`, `page_reader`: the walk of the backups, and the pages that it need not decode again
- `interning`: how backups take little memory
- `instances`, `instance_state`: the list of instances
- `state`: what is known between scrapes
- `walk_log`, `warning_log`, `hints`: what is logged, and advice in errors
"""

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
