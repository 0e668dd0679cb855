"""What each alert on a database's backups fires for, and what it does not."""

from typing import Final

from tests.support.rule_world import DAY, HOUR, MINUTE, OBJECTIVE, Database, Exporter, since, steps
from tests.support.situation import ANY_PACE, Situation

NEVER_SUCCEEDED: Final = {"restorable": 0, "newest": None, "failed": None}


def one(**facts: object) -> list[Exporter]:
    """Return an exporter with one database."""
    return [Exporter(databases=[Database(**facts)])]  # type: ignore[arg-type]  # the caller names its fields


OBJECTIVES: Final = (
    Situation(
        name="nothing fires for a healthy database",
        exporters=one(),
        fires={10: set(), 60: set(), 180: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a backup that becomes too old pages, and the next one resolves it",
        exporters=one(newest=steps(HOUR - OBJECTIVE, (3 * HOUR, 3 * HOUR))),
        fires={60: set(), 90: {"BackupTooOld db1"}, 170: {"BackupTooOld db1"}, 220: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a backup as old as its objective allows does not page",
        exporters=one(newest=lambda time: time - OBJECTIVE),
        fires={30: set(), 120: set()},
    ),
    Situation(
        name="an old backup without an objective does not page",
        exporters=one(objective=None, duration=None, newest=-30 * DAY),
        fires={60: set(), 120: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a lost last backup pages as missing at once, not as too old",
        exporters=one(restorable=steps(8, (HOUR, 0)), newest=steps(-29 * HOUR, (HOUR, None))),
        fires={60: set(), 100: {"BackupMissing db1 lost"}, 240: {"BackupMissing db1 lost"}},
        paces=ANY_PACE,
        by=("instance_id", "backups"),
        only="BackupMissing|BackupTooOld",
    ),
    Situation(
        name="only failed backups page as missing at once",
        exporters=one(restorable=0, newest=None, failed=1),
        fires={10: {"BackupFailed db1"}, 20: {"BackupFailed db1", "BackupMissing db1"}},
    ),
    Situation(
        name="a backup that could not be deleted proves that there were backups",
        exporters=one(**NEVER_SUCCEEDED, gauges={'backups{status="DELETE_FAILED"}': 1}),
        fires={14: set(), 20: {"BackupMissing db1"}},
    ),
    Situation(
        name="a new database is silent until its first backup is due",
        exporters=one(**NEVER_SUCCEEDED, objective=2 * HOUR),
        fires={30: set(), 110: set(), 160: {"BackupMissing db1 never"}},
        paces=ANY_PACE,
        by=("instance_id", "backups"),
    ),
    Situation(
        name="a new database whose first backup runs is silent",
        exporters=one(
            **NEVER_SUCCEEDED,
            objective=4 * HOUR,
            running=0,
            gauges={'backups{status="BUILDING"}': 1},
        ),
        fires={30: set(), 120: set(), 220: set()},
    ),
    Situation(
        name="a database that appears later waits for its own first backup",
        exporters=one(**NEVER_SUCCEEDED, exists=since(HOUR), objective=2 * HOUR),
        fires={130: set(), 170: set(), 220: {"BackupMissing db1"}},
    ),
    Situation(
        name="a promoted replica waits for its first backup from then on",
        exporters=one(**NEVER_SUCCEEDED, objective=steps(None, (3 * HOUR, 2 * HOUR)), duration=None),
        fires={170: set(), 290: set(), 340: {"BackupMissing db1"}},
        paces=ANY_PACE,
    ),
    Situation(
        name="a shorter objective counts for a database that waits for its first backup",
        exporters=one(**NEVER_SUCCEEDED, objective=steps(DAY, (3 * HOUR, 2 * HOUR))),
        fires={170: set(), 210: {"BackupMissing db1"}},
    ),
    Situation(
        name="a first backup in time prevents the page",
        exporters=one(
            restorable=steps(0, (HOUR, 1)),
            newest=steps(None, (HOUR, HOUR)),
            failed=steps(None, (HOUR, 0)),
            objective=2 * HOUR,
        ),
        fires={60: set(), 150: set(), 179: set()},
    ),
    Situation(
        name="a failed attempt opens a ticket, and a good one closes it",
        exporters=one(failed=steps(0, (HOUR, 1), (2 * HOUR, 0))),
        fires={60: set(), 90: {"BackupFailed db1"}, 150: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a failed attempt of a database with the objective `never` is silent",
        exporters=one(failed=1, objective=None, duration=None),
        fires={30: set(), 120: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a database set to `never` ends its alerts",
        exporters=one(
            failed=1,
            newest=-40 * HOUR,
            objective=steps(OBJECTIVE, (2 * HOUR, None)),
        ),
        fires={110: {"BackupFailed db1", "BackupTooOld db1"}, 150: set(), 240: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a backup that runs for too long opens a ticket until it ends",
        exporters=one(running=steps(0, (9 * HOUR, None))),
        fires={360: set(), 400: {"BackupStuck db1"}, 530: {"BackupStuck db1"}, 580: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a running backup without an objective for its duration is silent",
        exporters=one(running=-30 * DAY, duration=None),
        fires={60: set()},
    ),
    Situation(
        name="an old broken chain is silent while the newest backup can be restored",
        exporters=one(gauges={'unrestorable_backups{reason="parent_missing"}': 3}),
        fires={60: set(), 180: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a newest backup with a broken chain opens a ticket",
        exporters=one(
            newest=-2 * HOUR,
            usable=-HOUR,
            gauges={'unrestorable_backups{reason="parent_failed"}': steps(1, (3 * HOUR, None))},
        ),
        fires={20: set(), 60: {"BackupChainBroken db1"}, 170: {"BackupChainBroken db1"}, 220: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a broken chain without any restorable backup opens a ticket too",
        exporters=one(
            restorable=0, newest=None, usable=-HOUR, gauges={'unrestorable_backups{reason="cycle"}': 2}
        ),
        fires={60: {"BackupChainBroken db1", "BackupMissing db1"}},
    ),
    Situation(
        name="a backup that waits for its parent is no broken chain",
        exporters=one(
            newest=-2 * HOUR, usable=-HOUR, gauges={'unrestorable_backups{reason="parent_running"}': 1}
        ),
        fires={60: set(), 180: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a broken chain is silent while another backup waits for its parent",
        exporters=one(
            newest=-2 * HOUR,
            usable=-HOUR,
            gauges={
                'unrestorable_backups{reason="parent_failed"}': 1,
                'unrestorable_backups{reason="parent_running"}': steps(1, (3 * HOUR, 0)),
            },
        ),
        fires={60: set(), 180: set(), 240: {"BackupChainBroken db1"}},
    ),
    Situation(
        name="a lost last backup pages for longer than vanished backups are remembered",
        exporters=one(
            restorable=steps(8, (HOUR, 0)), newest=steps(-HOUR, (HOUR, None)), failed=steps(0, (HOUR, None))
        ),
        fires={100: {"BackupMissing db1"}, 20 * 60: {"BackupMissing db1"}},
        only="BackupMissing",
    ),
    Situation(
        name="a full backup that is too old opens a ticket, and the next one closes it",
        exporters=one(
            gauges={
                "restorable_newest_full_timestamp_seconds": steps(HOUR - 8 * DAY, (3 * HOUR, 3 * HOUR)),
                "backup_objective_full_age_seconds": 8 * DAY,
            }
        ),
        fires={60: set(), 100: {"BackupFullTooOld db1"}, 220: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a chain that is too long opens a ticket, one at its limit does not",
        exporters=one(
            gauges={
                "restorable_newest_chain_length": steps(14, (HOUR, 15), (3 * HOUR, 1)),
                "backup_objective_chain_length": 14,
            }
        ),
        fires={60: set(), 110: {"BackupChainTooLong db1"}, 220: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a changed type of a database changes no verdict",
        exporters=one(newest=-40 * HOUR, type=lambda time: "unknown" if time < 90 * MINUTE else "mysql"),
        fires={minute: {"BackupTooOld db1"} for minute in (60, 90, 100, 240)},
        paces=ANY_PACE,
    ),
    Situation(
        name="a renamed database keeps its alert",
        exporters=one(newest=-40 * HOUR, name=lambda time: "old" if time < 90 * MINUTE else "new"),
        fires={minute: {"BackupTooOld db1 old"} for minute in (60, 90, 91, 100, 240)},
        by=("instance_id", "instance_name"),
    ),
    Situation(
        name="a database that was renamed while it was healthy has its new name",
        exporters=one(
            newest=steps(-40 * HOUR, (HOUR, HOUR), (2 * HOUR, -40 * HOUR)),
            name=lambda time: "old" if time < 50 * MINUTE else "new",
        ),
        fires={40: {"BackupTooOld db1 old"}, 59: {"BackupTooOld db1 old"}, 140: {"BackupTooOld db1 new"}},
        by=("instance_id", "instance_name"),
    ),
)
