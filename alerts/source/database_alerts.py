"""Alerts on the backups of one database, evaluated every minute."""

from typing import Final

from alerts.source.database_records import PREFIX, VANISHED_SECONDS
from alerts.source.promql import BRIDGE, Promql, with_labels
from alerts.source.table import Alert
from alerts.source.wording import DURATION, ID, LABELLED, TODAY

ACT_NOW: Final = (
    "Act now: until it ends, a loss of this database cannot be repaired as its objective requires."
)
NO_HURRY: Final = "Nobody is notified; look at it when you next work on backups."


def database_alerts(promql: Promql) -> tuple[Alert, ...]:
    """Return them in the order of their urgency."""
    return (
        _too_old(),
        _missing(),
        _never_backed_up(),
        _failed(),
        _stuck(),
        _chain_broken(),
        _vanished(promql),
    )


def _too_old() -> Alert:
    return Alert(
        name="ByCloudBackupTooOld",
        expression=with_labels(
            "time() - bycloud:restorable_newest:timestamp > bycloud:objective_age:seconds"
        ),
        severity="critical",
        wait="15m",
        summary=f"Database {LABELLED} can only be restored to a point {DURATION} ago",
        description=f"The newest restorable backup of {ID} is {DURATION} old, which is more than its objective allows.",
        meaning="the newest restorable backup is older than the objective's `max_age`",
        urgency=ACT_NOW,
    )


def _missing() -> Alert:
    return Alert(
        name="ByCloudBackupMissing",
        expression=with_labels(
            "bycloud:objective_age:seconds and bycloud:objective_unmet:since_timestamp and bycloud:backup_seen:timestamp"
        ),
        severity="critical",
        wait="15m",
        labels=(("backups", "lost"),),
        summary=f"Database {LABELLED} cannot be restored: it has no restorable backup left",
        description=f"{ID} had backups, but none can be restored now. One is due every {DURATION}.",
        meaning="a database with a `max_age` has no restorable backup, although it has had backups",
        urgency=ACT_NOW,
    )


def _never_backed_up() -> Alert:
    return Alert(
        name="ByCloudBackupMissing",
        expression=with_labels(
            "bycloud:objective_age:seconds < time() - bycloud:objective_unmet:since_timestamp"
            " unless bycloud:backup_seen:timestamp"
        ),
        severity="critical",
        wait="15m",
        labels=(("backups", "never"),),
        summary=f"Database {LABELLED} has never been backed up",
        description=f"The objective of {ID} has been in force for longer than {DURATION}, and no backup of it exists.",
        meaning="a database has never been backed up, and its objective has been in force for `max_age`",
        urgency=ACT_NOW,
    )


def _failed() -> Alert:
    return Alert(
        name="ByCloudBackupFailed",
        expression=with_labels("bycloud:last_attempt:failed == 1 and bycloud:objective_age:seconds > 0"),
        severity="warning",
        wait="5m",
        summary=f"The newest backup of database {LABELLED} failed",
        description=f"The newest finished backup attempt of {ID} failed. An older backup may still be restorable.",
        meaning="the newest finished attempt of a database with a `max_age` failed",
        urgency=TODAY,
    )


def _stuck() -> Alert:
    return Alert(
        name="ByCloudBackupStuck",
        expression=with_labels("time() - bycloud:backup_running:due_timestamp > 0"),
        severity="warning",
        wait="15m",
        summary=f"A backup of database {LABELLED} should have ended {DURATION} ago",
        description=f"A backup of {ID} has been running for {DURATION} longer than its objective allows.",
        meaning="a backup has been running for longer than the objective's `max_duration`",
        urgency=TODAY,
    )


def _chain_broken() -> Alert:
    return Alert(
        name="ByCloudBackupChainBroken",
        expression=with_labels("bycloud:unrestorable:backups > 0"),
        severity="warning",
        wait="30m",
        summary=f"The newest backup of database {LABELLED} is complete but cannot be restored",
        description=f"{{{{ $value }}}} backups of {ID}, the newest of them included, build on a backup that failed"
        " or does not exist.",
        meaning="the newest usable backup cannot be restored, because its chain is broken",
        urgency=TODAY,
    )


def _vanished(promql: Promql) -> Alert:
    listed = promql.metric(PREFIX + "backups", window=BRIDGE)
    return Alert(
        name="ByCloudBackupInstanceVanished",
        expression=with_labels(
            f"0 < time() - bycloud:backup_seen:timestamp < {VANISHED_SECONDS}\n"
            f"and on ({promql.settings.target}) bycloud:target:complete\n"
            f"unless on ({promql.settings.database}) {listed}"
        ),
        severity="info",
        wait="5m",
        summary=f"All backups of database {LABELLED} have vanished",
        description=f"The API has listed no backup of {ID} for {DURATION}, although it had some.",
        meaning="a database had backups in the last 12h, and none is listed now",
        urgency=NO_HURRY,
    )
