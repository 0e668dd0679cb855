"""The objectives of full backups and of chains, every ten minutes: they concern days, not minutes."""

from alerts.source.database_records import combined
from alerts.source.promql import Promql, with_team
from alerts.source.table import Alert, Recording
from alerts.source.wording import DURATION, ID, NAME, TODAY


def chain_records(promql: Promql) -> tuple[Recording, Recording]:
    """Return when the newest full backup exceeds its objective, and by what the newest chain does."""
    return (
        combined(
            promql,
            ("bycloud:full_backup:due_timestamp", "When the next full backup is due."),
            "restorable_newest_full_timestamp_seconds",
            "+",
            "backup_objective_full_age_seconds",
        ),
        combined(
            promql,
            (
                "bycloud:chain_excess:backups",
                "By how many backups the newest chain is longer than its objective.",
            ),
            "restorable_newest_chain_length",
            "-",
            "backup_objective_chain_length",
        ),
    )


def full_too_old(team: str) -> Alert:
    """Return the alert on an old full backup.

    :param team: the record of each database's one team.
    """
    return Alert(
        name="ByCloudBackupFullTooOld",
        expression=with_team("time() - bycloud:full_backup:due_timestamp > 0", team),
        severity="warning",
        wait="15m",
        summary=f"A full backup of database {NAME} has been due for {DURATION}",
        description=f"The newest restorable full backup of {ID} is {DURATION} older than its objective allows.",
        meaning="the newest restorable full backup is older than the objective's `max_full_age`",
        urgency=TODAY,
    )


def chain_too_long(team: str) -> Alert:
    """Return the alert on a long chain.

    :param team: the record of each database's one team.
    """
    return Alert(
        name="ByCloudBackupChainTooLong",
        expression=with_team("bycloud:chain_excess:backups > 0", team),
        severity="warning",
        wait="15m",
        summary=f"A restore of database {NAME} reads {{{{ $value }}}} backups more than allowed",
        description=f"The newest restorable backup of {ID} builds on more backups than its objective allows: one lost"
        " or damaged backup makes all later ones useless.",
        meaning="the newest restorable backup needs more backups than the objective's `max_chain`",
        urgency=TODAY,
    )
