"""The frozen values that cross packages: results of walks, assessments and scrapes.

- `scrapes`: `ScrapeResult`, what a scrape reports of a target
- `snapshots`: `Snapshot`, what a complete walk shows; `walks`: its records and its cost
- `summaries`: sums over backups
- `databases`: `DatabaseAssessment`; its parts are in `chains`, `gaps` and `timeline`

Times are Unix seconds, durations seconds and sizes bytes, unless a field states otherwise. `None` is a value
that is unknown or absent: it yields no sample.
"""

from exporter.results.chains import BrokenChain, ChainLink, NewestChain
from exporter.results.databases import AppliedObjective, DatabaseAssessment
from exporter.results.gaps import Gap, Gaps
from exporter.results.scrapes import BudgetState, Outage, ScrapeResult, TargetStatus
from exporter.results.snapshots import DataWarning, Snapshot
from exporter.results.summaries import GroupKey, GroupSummary, Summary
from exporter.results.timeline import Attempt, Outcome, TimeLine, Track
from exporter.results.walks import WalkResult, WalkStats

__all__ = [
    "AppliedObjective",
    "Attempt",
    "BrokenChain",
    "BudgetState",
    "ChainLink",
    "DataWarning",
    "DatabaseAssessment",
    "Gap",
    "Gaps",
    "GroupKey",
    "GroupSummary",
    "NewestChain",
    "Outage",
    "Outcome",
    "ScrapeResult",
    "Snapshot",
    "Summary",
    "TargetStatus",
    "TimeLine",
    "Track",
    "WalkResult",
    "WalkStats",
]
