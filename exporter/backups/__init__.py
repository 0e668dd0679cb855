"""What a list of backups means: which databases can be restored, to what point, and which are at risk.

Pure functions of records, configuration and the time that the caller passes in.
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
