"""What a list of backups means: which databases can be restored, to what point, and which are at risk.

Pure functions of records, configuration and the time that the caller passes in.

From a walk to a snapshot:

- `snapshot`: `assess`, which calls the others
- `exclusion`, `inventory`: what is left out, and the instances
- `rules`, `size_unit`: the configuration, and the unit of sizes
- `grouping`: `BackupGroup`, the backups of one status of one database
- `summary`: sums over these groups
- `chains`: `AssessedGroup`, their chains: which of them can be restored
- `outcomes`: `GroupOutcomes`, what each resulted in; `results.Track` is its packed form
- `explained_chains`: the newest chain of a database, for people
- `assessment`: all of a database's groups, and its objective; `reuse`: the last walk's, where they still hold

What follows from a snapshot:

- `risk`: what is wrong with a database, for lists
- `explanation`: its objective, part by part, for one database
- `advice`: what to do
- `data_warnings`: what looks wrong in the data; `cadence`: whether `max_age` leaves room for the usual gaps
"""

from exporter.backups.advice import ADVICE, RUNBOOKS_URL, Advice
from exporter.backups.assessment import assess_databases
from exporter.backups.cadence import Cadence, cadence_warnings, observe
from exporter.backups.data_warnings import Evidence, data_warnings
from exporter.backups.explanation import Explanation, Requirement, RequirementState, explain
from exporter.backups.inventory import Inventory
from exporter.backups.reuse import KnownAssessments
from exporter.backups.risk import Problem, Risk, describe, describe_age, risks, severity
from exporter.backups.rules import Rules
from exporter.backups.snapshot import assess

__all__ = [
    "ADVICE",
    "RUNBOOKS_URL",
    "Advice",
    "Cadence",
    "Evidence",
    "Explanation",
    "Inventory",
    "KnownAssessments",
    "Problem",
    "Requirement",
    "RequirementState",
    "Risk",
    "Rules",
    "assess",
    "assess_databases",
    "cadence_warnings",
    "data_warnings",
    "describe",
    "describe_age",
    "explain",
    "observe",
    "risks",
    "severity",
]
