"""What fires continues through an outage, and nothing that had ended comes back."""

from typing import Final

from tests.alerts.situations.objectives import one
from tests.support.rule_world import (
    DAY,
    FAST,
    HOUR,
    MINUTE,
    SLOW,
    USUAL,
    Database,
    Exporter,
    except_during,
    steps,
    until,
)
from tests.support.situation import ANY_PACE, Situation

ILL: Final = (
    Database(id="old", newest=-40 * HOUR),
    Database(id="missing", restorable=0, newest=None, failed=1),
    Database(id="stuck", running=-9 * HOUR),
    Database(
        id="broken",
        newest=-2 * HOUR,
        usable=-HOUR,
        gauges={'unrestorable_backups{reason="parent_failed"}': 1},
    ),
    Database(
        id="chained",
        gauges={
            "restorable_newest_full_timestamp_seconds": -9 * DAY,
            "backup_objective_full_age_seconds": 8 * DAY,
            "restorable_newest_chain_length": 15,
            "backup_objective_chain_length": 14,
        },
    ),
    Database(
        id="never",
        objective=steps(30 * HOUR, (80 * MINUTE, None)),
        newest=-40 * HOUR,
        failed=1,
        duration=steps(6 * HOUR, (80 * MINUTE, None)),
        running=-9 * HOUR,
    ),
    Database(id="gone", newest=-40 * HOUR, failed=1, exists=until(80 * MINUTE)),
)
ILLNESSES: Final = {
    "BackupTooOld old",
    "BackupMissing missing",
    "BackupFailed missing",
    "BackupStuck stuck",
    "BackupChainBroken broken",
    "BackupFullTooOld chained",
    "BackupChainTooLong chained",
}
ENDED: Final = {
    "BackupTooOld never",
    "BackupFailed never",
    "BackupStuck never",
    "BackupTooOld gone",
    "BackupFailed gone",
}
ABOUT_DATABASES: Final = "Backup(TooOld|Missing|Failed|Stuck|ChainBroken|FullTooOld|ChainTooLong)"
LONG: Final[dict[float, set[str]]] = {
    60: ILLNESSES | ENDED,
    120: ILLNESSES,
    130: ILLNESSES,
    150: ILLNESSES,
    240: ILLNESSES,
    420: ILLNESSES,
    560: ILLNESSES,
    700: ILLNESSES,
}
"""What fires before an outage from minute 120 to minute 600, in it and after it."""
DOWN: Final = except_during(2 * HOUR, 10 * HOUR)


OUTAGES: Final = (
    Situation(
        name="the API fails for hours",
        exporters=[Exporter(databases=ILL, walks=DOWN)],
        fires=LONG,
        paces=ANY_PACE,
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="the API fails for hours, and there is no snapshot",
        exporters=[Exporter(databases=ILL, walks=DOWN, stale_after=0)],
        fires=LONG,
        paces=(USUAL, SLOW),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="the exporter restarts in an outage of the API",
        exporters=[Exporter(databases=ILL, walks=DOWN, starts=(3 * HOUR, 5 * HOUR))],
        fires=LONG,
        paces=(USUAL, SLOW),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="the exporter does not answer for hours",
        exporters=[Exporter(databases=ILL, answers=DOWN)],
        fires=LONG,
        paces=ANY_PACE,
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="the exporter's pod and its `up` are deleted for hours",
        exporters=[Exporter(databases=ILL, exists=DOWN)],
        fires=LONG,
        paces=ANY_PACE,
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="the exporter's pod is replaced in an outage of the API",
        exporters=[
            Exporter(databases=ILL, walks=DOWN, exists=until(4 * HOUR)),
            Exporter(
                databases=ILL,
                walks=DOWN,
                instance="b:1",
                exists=lambda time: time >= 4 * HOUR + 2 * MINUTE,
                starts=(4 * HOUR,),
            ),
        ],
        fires=LONG,
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="both replicas fail, one after the other",
        exporters=[
            Exporter(databases=ILL, walks=DOWN),
            Exporter(databases=ILL, instance="b:1", walks=except_during(130 * MINUTE, 9 * HOUR)),
        ],
        fires=LONG,
        paces=(USUAL, SLOW),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="one of two replicas fails for hours",
        exporters=[
            Exporter(databases=ILL, walks=DOWN),
            Exporter(databases=ILL, instance="b:1"),
        ],
        fires=LONG,
        paces=(USUAL, SLOW),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="an outage that begins before a backup is too old does not hide it",
        exporters=[Exporter(databases=[Database(newest=-28 * HOUR)], walks=until(HOUR))],
        fires={60: set(), 110: set(), 160: {"BackupTooOld db1"}, 420: {"BackupTooOld db1"}},
        paces=(USUAL, SLOW),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="an alert that begins in an outage has the database's name",
        exporters=[Exporter(databases=[Database(newest=-26 * HOUR)], walks=DOWN, stale_after=0)],
        fires={120: set(), 300: {"BackupTooOld db1 orders-db"}},
        paces=(USUAL, SLOW),
        by=("instance_id", "instance_name"),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="an outage of two days keeps what fires",
        exporters=[Exporter(databases=ILL, walks=except_during(2 * HOUR, 2 * DAY))],
        fires={
            120: ILLNESSES,
            1500: ILLNESSES,
            2870: ILLNESSES | {"BackupTooOld broken", "BackupTooOld stuck", "BackupTooOld chained"},
            2950: ILLNESSES | {"BackupTooOld broken"},
        },
        paces=(SLOW,),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="short failures of walks and scrapes interrupt nothing",
        exporters=[
            Exporter(
                databases=ILL[:5],
                walks=lambda time: time % HOUR < 50 * MINUTE,
                answers=lambda time: time % (50 * MINUTE) < 45 * MINUTE,
            )
        ],
        fires=dict.fromkeys((60, 110, 150, 170, 240, 290, 350, 400), ILLNESSES),
        paces=(FAST, USUAL),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a backup that was made in an outage ends the alert after it",
        exporters=[
            Exporter(databases=[Database(newest=steps(-40 * HOUR, (4 * HOUR, 4 * HOUR)))], walks=DOWN)
        ],
        fires={120: {"BackupTooOld db1"}, 590: {"BackupTooOld db1"}, 640: set()},
        paces=(USUAL, SLOW),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a database that was deleted in an outage ends its alert after it",
        exporters=[Exporter(databases=[Database(newest=-40 * HOUR, exists=until(4 * HOUR))], walks=DOWN)],
        fires={120: {"BackupTooOld db1"}, 590: {"BackupTooOld db1"}, 640: set()},
        paces=(USUAL, SLOW),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="an objective that vanishes for a moment and returns survives an outage",
        exporters=[
            Exporter(
                databases=[
                    Database(
                        newest=-40 * HOUR, objective=steps(30 * HOUR, (HOUR, None), (70 * MINUTE, 30 * HOUR))
                    )
                ],
                walks=DOWN,
            )
        ],
        fires={59: {"BackupTooOld db1"}, 68: set(), 110: {"BackupTooOld db1"}, 400: {"BackupTooOld db1"}},
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="two outages in a row bring nothing back",
        exporters=[
            Exporter(
                databases=ILL,
                walks=lambda time: (
                    not (70 * MINUTE <= time < 75 * MINUTE or 100 * MINUTE <= time < 300 * MINUTE)
                ),
            )
        ],
        fires={60: ILLNESSES | ENDED, 95: ILLNESSES, 130: ILLNESSES, 290: ILLNESSES, 350: ILLNESSES},
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a second outage after a day brings nothing back",
        exporters=[
            Exporter(
                databases=ILL,
                walks=lambda time: not (2 * HOUR <= time < 5 * HOUR or 26 * HOUR <= time < 36 * HOUR),
            )
        ],
        fires={
            60: ILLNESSES | ENDED,
            290: ILLNESSES,
            1550: ILLNESSES,
            1700: ILLNESSES,
            2100: ILLNESSES | {"BackupTooOld broken"},
        },
        paces=(SLOW,),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="the team of an alert stays in an outage",
        exporters=[Exporter(databases=[Database(newest=-40 * HOUR, team="payments")], walks=DOWN)],
        fires={minute: {"BackupTooOld db1 payments"} for minute in (60, 120, 130, 140, 240, 590, 700)},
        paces=ANY_PACE,
        by=("instance_id", "team"),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a team that was changed before an outage does not come back in it",
        exporters=[
            Exporter(
                databases=[
                    Database(
                        newest=-40 * HOUR, team=lambda time: "search" if time < 90 * MINUTE else "payments"
                    )
                ],
                walks=DOWN,
            )
        ],
        fires={
            60: {"BackupTooOld db1 search"},
            119: {"BackupTooOld db1 payments"},
            150: {"BackupTooOld db1 payments"},
            590: {"BackupTooOld db1 payments"},
        },
        paces=(FAST, USUAL),
        by=("instance_id", "team"),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="an alert of a database without a team has none",
        exporters=one(newest=-40 * HOUR),
        fires={60: {"BackupTooOld db1 -"}},
        by=("instance_id", "team"),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="an exporter's clock that is an hour behind raises nothing",
        exporters=[Exporter(databases=[Database()], clock=-HOUR)],
        fires={60: set(), 240: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="an exporter's clock that is an hour ahead raises nothing",
        exporters=[Exporter(databases=[Database()], clock=HOUR)],
        fires={60: set(), 240: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="an exporter's clock that is an hour off does not shift stale data",
        exporters=[Exporter(databases=[Database()], clock=HOUR, walks=until(HOUR))],
        fires={110: {"ScrapeFailing"}, 150: {"ScrapeFailing", "ScrapeStale"}},
        paces=(USUAL, SLOW),
    ),
    Situation(
        name="Prometheus's clock that is an hour ahead raises nothing by itself",
        exporters=one(newest=lambda time: time - 26 * HOUR - HOUR, running=lambda time: time - HOUR - HOUR),
        fires={60: set(), 180: set()},
    ),
)
