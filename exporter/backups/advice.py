"""What to do about each problem: one sentence, and the runbook that says more.

`explain`, the pages and the heads of the runbooks show the same sentences.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from exporter.backups.risk import Problem

RUNBOOKS_URL: Final = (
    "https://github.com/bycloud-backup-exporter/bycloud-backup-exporter/blob/main/docs/runbooks/"
)


class Advice(Struct, frozen=True):
    """What to do next about a problem.

    :param text: one imperative sentence.
    :param runbook: the name of the alert whose runbook says more.
    """

    problem: Problem
    text: str
    runbook: str

    @property
    def url(self) -> str:
        """Where the runbook is."""
        return f"{RUNBOOKS_URL}{self.runbook}.md"


_ALL: Final = (
    Advice(
        Problem.NO_RESTORABLE_BACKUP,
        "Start a full backup now, then find out why there is none that can be restored.",
        "ByCloudBackupMissing",
    ),
    Advice(
        Problem.OVER_OBJECTIVE,
        "Start a full backup, and check whether the schedule still runs and how its last attempts ended.",
        "ByCloudBackupTooOld",
    ),
    Advice(
        Problem.CHAIN_BROKEN,
        "Start a full backup: no backup that builds on the broken one can be restored.",
        "ByCloudBackupChainBroken",
    ),
    Advice(
        Problem.LAST_ATTEMPT_FAILED,
        "Look up why the last attempt failed, fix the cause, and start a backup.",
        "ByCloudBackupFailed",
    ),
    Advice(
        Problem.RUNS_TOO_LONG,
        "Check whether the running backup still makes progress, and contact the vendor's support if not.",
        "ByCloudBackupStuck",
    ),
    Advice(
        Problem.FULL_TOO_OLD,
        "Start a full backup, and check why the schedule makes no full ones.",
        "ByCloudBackupFullTooOld",
    ),
    Advice(
        Problem.CHAIN_TOO_LONG,
        "Start a full backup: the restore of a long chain is slow, and one lost backup breaks all after it.",
        "ByCloudBackupChainTooLong",
    ),
    Advice(
        Problem.GAP_TOO_LONG,
        "Check which runs of the schedule are missing: a gap between two backups cannot be repaired.",
        "ByCloudBackupGap",
    ),
)
ADVICE: Final[Mapping[Problem, Advice]] = {advice.problem: advice for advice in _ALL}
