"""Comparisons with the past: sizes, numbers, gaps, retention and durations."""

from typing import Final

from tests.alerts.situations.objectives import one
from tests.support.rule_world import (
    DAY,
    HOUR,
    HOURLY,
    MINUTE,
    Database,
    Exporter,
    Timed,
    except_during,
    steps,
)
from tests.support.situation import Situation

RARE: Final = (HOURLY,)
FULL: Final = "restorable_newest_full_size_bytes"
OLDEST: Final = "restorable_oldest_timestamp_seconds"
TOOK: Final = 'backup_newest_duration_seconds{status="COMPLETED"}'
CREATED: Final = 'backup_newest_timestamp_seconds{status="COMPLETED"}'


def every(period: float, first: float, low: float, gain: float) -> Timed:
    """Return a number that grows by `gain` a day, and falls back to `low` each `period`, first at `first`."""
    return lambda time: low + gain * (((time - first) % period) // DAY)


def minutes(days: float) -> float:
    """Return the number of minutes of so many days, in whole hours."""
    return 60 * round(days * 24)


DELETED_EARLY: Final = steps(
    -9 * DAY, (2.5 * DAY, -DAY), (2.5 * DAY + 2 * HOUR, 0), (2.5 * DAY + 4 * HOUR, DAY)
)
"""When the oldest backup was created that is left after deletions by hand."""
PAST: Final = (
    Situation(
        name="a full backup of less than half the usual size opens a ticket",
        exporters=one(gauges={FULL: steps(1000, (DAY, 499))}),
        fires={minutes(1): set(), minutes(1) + 180: {"BackupSizeDropped db1"}},
        paces=RARE,
    ),
    Situation(
        name="a full backup of half the usual size is silent",
        exporters=one(gauges={FULL: steps(1000, (DAY, 500))}),
        fires={minutes(1) + 180: set()},
        paces=RARE,
    ),
    Situation(
        name="a database that stays small opens its ticket only until the median follows",
        exporters=one(gauges={FULL: steps(1000, (DAY, 400))}),
        fires={minutes(1) + 180: {"BackupSizeDropped db1"}, minutes(3): set()},
        paces=RARE,
    ),
    Situation(
        name="a database that lost most of its backups opens a ticket for a day",
        exporters=one(restorable=steps(8, (2 * DAY, 3))),
        fires={minutes(2): set(), minutes(2) + 180: {"BackupsDropped db1"}, minutes(3.2): set()},
        paces=RARE,
    ),
    Situation(
        name="a database that lost half of its backups is silent",
        exporters=one(restorable=steps(8, (2 * DAY, 4))),
        fires={minutes(2) + 180: set()},
        paces=RARE,
    ),
    Situation(
        name="four backups are enough to be judged",
        exporters=one(restorable=steps(4, (2 * DAY, 1))),
        fires={minutes(2) + 180: {"BackupsDropped db1"}},
        paces=RARE,
    ),
    Situation(
        name="three backups are too few to be judged",
        exporters=one(restorable=steps(3, (2 * DAY, 1))),
        fires={minutes(2) + 180: set()},
        paces=RARE,
    ),
    Situation(
        name="a number that is near the lowest of the weeks is silent, although there were more since",
        exporters=one(restorable=steps(4, (DAY, 8), (3 * DAY, 3))),
        fires={minutes(3): set(), minutes(3) + 180: set()},
        paces=RARE,
    ),
    Situation(
        name="a single chain that is replaced each week is silent",
        exporters=one(
            restorable=every(7 * DAY, 0, 1, 1),
            gauges={"restorable_newest_chain_length": every(7 * DAY, 0, 1, 1)},
        ),
        fires={minutes(day) + 180: set() for day in (3, 7, 7.5, 14, 14.5)},
        paces=RARE,
    ),
    Situation(
        name="a single chain that was seen in its middle first is silent too",
        exporters=one(
            restorable=steps(7, (2 * DAY, 1)),
            gauges={"restorable_newest_chain_length": steps(7, (2 * DAY, 1))},
        ),
        fires={minutes(2) + 180: set(), minutes(2.5): set()},
        paces=RARE,
    ),
    Situation(
        name="daily full backups of which a week is removed at once are silent",
        exporters=one(restorable=every(7 * DAY, 0, 1, 1), gauges={"restorable_newest_chain_length": 1}),
        fires={minutes(day) + 180: set() for day in (3, 7, 7.5, 14, 14.5)},
        paces=RARE,
    ),
    Situation(
        name="a month's expiry that leaves a month is silent",
        exporters=one(
            restorable=steps(61, (2 * DAY, 30)),
            gauges={OLDEST: steps(-60 * DAY, (2 * DAY, -28 * DAY)), "restorable_newest_chain_length": 1},
        ),
        fires={minutes(2) + 180: set(), minutes(2.5): set()},
        paces=RARE,
    ),
    Situation(
        name="a backup that comes an hour later after the change of the clocks is silent",
        exporters=one(
            restorable=lambda time: 4 if (time - (HOUR if time > 2 * DAY else 0)) % DAY > 2 * HOUR else 3,
        ),
        fires={minutes(2) + minute: set() for minute in (0, 60, 120, 180, 240, 1440, 1560)},
        paces=RARE,
    ),
    Situation(
        name="a gap that grows beyond its objective opens a ticket for a day",
        exporters=one(
            gauges={
                "restorable_largest_gap_seconds": lambda time: max(HOUR, min(time - 2 * HOUR, 5 * HOUR)),
                "backup_objective_gap_seconds": 3 * HOUR,
            }
        ),
        fires={240: set(), 420: {"BackupGap db1"}, 1500: {"BackupGap db1"}, 1920: set()},
        paces=RARE,
    ),
    Situation(
        name="a gap of the past is silent",
        exporters=one(
            gauges={"restorable_largest_gap_seconds": 5 * HOUR, "backup_objective_gap_seconds": 3 * HOUR}
        ),
        fires={60: set(), 1500: set()},
        paces=RARE,
    ),
    Situation(
        name="a restore point that is removed too early opens a ticket for eight days",
        exporters=one(
            gauges={
                OLDEST: steps(-20 * DAY, (DAY, -5 * DAY)),
                "backup_objective_retention_seconds": 30 * DAY,
            }
        ),
        fires={
            minutes(1): set(),
            minutes(1) + 180: {"BackupRetentionShort db1"},
            minutes(8.9): {"BackupRetentionShort db1"},
            minutes(9.5): set(),
        },
        paces=RARE,
    ),
    Situation(
        name="a restore point that is removed after its retention is silent",
        exporters=one(
            gauges={
                OLDEST: steps(-30 * DAY, (DAY, -29 * DAY)),
                "backup_objective_retention_seconds": 30 * DAY,
            }
        ),
        fires={minutes(1) + 180: set()},
        paces=RARE,
    ),
    Situation(
        name="a young database is silent",
        exporters=one(gauges={OLDEST: 0, "backup_objective_retention_seconds": 30 * DAY}),
        fires={60: set(), minutes(3): set()},
        paces=RARE,
    ),
    Situation(
        name="a slow removal of restore points keeps its ticket",
        exporters=one(
            gauges={
                OLDEST: lambda time: -20 * DAY + 7 * DAY * (time // (7 * DAY)),
                "backup_objective_retention_seconds": 40 * DAY,
            }
        ),
        fires={
            minutes(6.9): set(),
            **{minutes(day): {"BackupRetentionShort db1"} for day in (7.1, 10, 13.9, 14.5, 18)},
        },
        paces=RARE,
    ),
    Situation(
        name="a backup that takes twice as long as usual opens a ticket, and the next one closes it",
        exporters=one(
            usable=lambda time: time - time % DAY,
            gauges={
                TOOK: steps(HOUR, (3 * DAY, 2.1 * HOUR), (4 * DAY, HOUR)),
                CREATED: lambda time: time - time % DAY,
            },
        ),
        fires={minutes(3): set(), minutes(3) + 180: {"BackupSlow db1"}, minutes(4) + 180: set()},
        paces=RARE,
    ),
    Situation(
        name="a short backup that takes a few minutes more is silent",
        exporters=one(
            usable=lambda time: time - time % DAY,
            gauges={TOOK: steps(4 * MINUTE, (3 * DAY, 12 * MINUTE)), CREATED: lambda time: time - time % DAY},
        ),
        fires={minutes(3) + 180: set()},
        paces=RARE,
    ),
    Situation(
        name="a failed backup that took long is not slow",
        exporters=one(
            usable=0,
            gauges={
                TOOK: HOUR,
                CREATED: 0,
                'backup_newest_duration_seconds{status="FAILED"}': steps(HOUR, (2 * DAY, 9 * HOUR)),
                'backup_newest_timestamp_seconds{status="FAILED"}': steps(-DAY, (2 * DAY, 2 * DAY)),
            },
        ),
        fires={minutes(2) + 180: set()},
        paces=RARE,
    ),
    Situation(
        name="a restore point that is removed too early in an outage of two days opens a ticket after it",
        exporters=[
            Exporter(
                databases=[
                    Database(
                        gauges={
                            OLDEST: steps(-4 * DAY, (3 * DAY, -DAY)),
                            "backup_objective_retention_seconds": 14 * DAY,
                        }
                    )
                ],
                walks=except_during(2 * DAY, 4 * DAY),
            )
        ],
        fires={minutes(3.5): set(), minutes(4.5): {"BackupRetentionShort db1"}},
        only="BackupRetentionShort",
        paces=RARE,
    ),
    Situation(
        name="old backups that are no longer removed open a ticket",
        exporters=one(gauges={OLDEST: lambda time: min(time - time % DAY, 2 * DAY) - 4 * DAY}),
        fires={minutes(3): set(), minutes(5): set(), minutes(6): {"BackupsPilingUp db1"}},
        paces=RARE,
    ),
    Situation(
        name="backups that are kept for longer than before are piling up until they are removed again",
        exporters=one(
            gauges={
                OLDEST: lambda time: (
                    max(min(time - time % DAY, 2 * DAY), time - time % DAY - 6 * DAY) - 4 * DAY
                )
            }
        ),
        fires={minutes(6): {"BackupsPilingUp db1"}, minutes(9): set(), minutes(10): set()},
        paces=RARE,
    ),
    Situation(
        name="backups that are kept as long as ever after some were deleted early are not piling up",
        exporters=one(gauges={OLDEST: lambda time: max(time - time % DAY - 4 * DAY, DELETED_EARLY(time))}),
        fires={minutes(5): set(), minutes(6): set()},
        paces=RARE,
    ),
    Situation(
        name="a young database that has never removed a backup is not piling up",
        exporters=one(gauges={OLDEST: 0}),
        fires={minutes(6): set()},
        paces=RARE,
    ),
    Situation(
        name="backups that are kept as long as their objective requires are not piling up",
        exporters=one(
            gauges={
                OLDEST: lambda time: min(time - time % DAY, 2 * DAY) - 4 * DAY,
                "backup_objective_retention_seconds": 4 * DAY + 10 * DAY,
            }
        ),
        fires={minutes(6): {"BackupRetentionShort db1"}},
        paces=RARE,
    ),
)
