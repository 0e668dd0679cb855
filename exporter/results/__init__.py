"""The frozen values that cross packages: results of walks, assessments and scrapes.

Times are Unix seconds, durations seconds and sizes bytes, unless a field states otherwise. `None` is a value
that is unknown or absent: it yields no sample.
"""

from exporter.results.databases import AppliedObjective, DatabaseAssessment
from exporter.results.scrapes import BudgetState, ScrapeResult
from exporter.results.snapshots import DataWarning, Snapshot
from exporter.results.summaries import GroupKey, GroupSummary, Summary
from exporter.results.walks import WalkResult, WalkStats

__all__ = [
    "AppliedObjective",
    "BudgetState",
    "DataWarning",
    "DatabaseAssessment",
    "GroupKey",
    "GroupSummary",
    "ScrapeResult",
    "Snapshot",
    "Summary",
    "WalkResult",
    "WalkStats",
]
