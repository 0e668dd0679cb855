"""The lives of exporters, targets and accounts, and what identifies them."""

from typing import Final

from tests.alerts.situations.objectives import one
from tests.alerts.situations.outages import ABOUT_DATABASES
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
    never,
    since,
    steps,
    until,
)
from tests.support.situation import ANY_PACE, Situation

LATER: Final = since(2 * HOUR)
BEFORE: Final = until(2 * HOUR)
STALE: Final = (Database(newest=-40 * HOUR),)
PAIR: Final = ("namespace", "target")
TARGETS: Final = (
    Situation(
        name="a Prometheus that never scraped an exporter is silent",
        exporters=[Exporter(job="node", serves=never), Exporter(job="bycloud", answers=never)],
        fires={60: set(), 240: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="an exporter that stops answering pages until it returns",
        exporters=[Exporter(databases=[Database()], answers=except_during(2 * HOUR, 20 * HOUR))],
        fires={120: set(), 160: {"ExporterDown"}, 420: {"ExporterDown"}, 1190: {"ExporterDown"}, 1240: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="an exporter that stops answering pages after ten minutes",
        exporters=[Exporter(answers=until(2 * HOUR))],
        fires={128: set(), 132: {"ExporterDown"}},
        paces=(FAST, USUAL),
    ),
    Situation(
        name="an exporter whose pod is deleted, with its `up`, pages until one returns",
        exporters=[Exporter(databases=[Database()], exists=except_during(2 * HOUR, 30 * HOUR))],
        fires={120: set(), 160: {"ExporterDown"}, 420: {"ExporterDown"}, 1790: {"ExporterDown"}, 1850: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="an exporter whose pod is deleted pages after ten minutes",
        exporters=[Exporter(exists=until(2 * HOUR))],
        fires={128: set(), 132: {"ExporterDown"}},
        paces=(FAST, USUAL),
    ),
    Situation(
        name="an exporter that answers without `bycloud_up` pages if none is left",
        exporters=[Exporter(serves=until(2 * HOUR))],
        fires={120: set(), 160: {"ExporterDown"}, 600: {"ExporterDown"}},
        paces=ANY_PACE,
    ),
    Situation(
        name="a single failed scrape does not page",
        exporters=[Exporter(databases=[Database()], answers=except_during(2 * HOUR, 2 * HOUR + 9 * MINUTE))],
        fires={120: set(), 130: set(), 140: set(), 150: set()},
        paces=(SLOW,),
    ),
    Situation(
        name="a rollout does not page",
        exporters=[
            Exporter(databases=[Database()], exists=BEFORE),
            Exporter(databases=[Database()], instance="b:1", exists=since(2 * HOUR + 3 * MINUTE)),
        ],
        fires={120: set(), 130: set(), 140: set(), 240: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="one of two replicas is enough",
        exporters=[
            Exporter(databases=[Database()], answers=BEFORE),
            Exporter(databases=[Database()], instance="b:1"),
        ],
        fires={150: set(), 300: set()},
        paces=(USUAL, SLOW),
    ),
    Situation(
        name="a crash loop is one page that does not end between the crashes",
        exporters=[
            Exporter(
                databases=[Database()],
                answers=lambda time: not 2 * HOUR <= time < 8 * HOUR or time % (5 * MINUTE) < MINUTE,
                starts=[2 * HOUR + n * 5 * MINUTE for n in range(72)],
            )
        ],
        fires={
            120: set(),
            **{minute: {"ExporterDown"} for minute in (150, 151, 153, 240, 241, 303, 470)},
            520: set(),
        },
        paces=(FAST, USUAL),
        only="ExporterDown|ScrapeStale|ScrapeFailing|ApiAuthFailed",
    ),
    Situation(
        name="a renamed job is silent",
        exporters=[
            Exporter(databases=[Database()], job="old", exists=BEFORE),
            Exporter(databases=[Database()], job="new", exists=LATER),
        ],
        fires={120: set(), 150: set(), 300: set(), 420: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a renamed job is not remembered when the new one fails",
        exporters=[
            Exporter(job="old", exists=BEFORE),
            Exporter(job="new", exists=lambda time: 2 * HOUR <= time < 5 * HOUR),
        ],
        fires={290: set(), 340: {"ExporterDown new"}, 600: {"ExporterDown new"}},
        paces=(USUAL, SLOW),
        by=("job",),
    ),
    Situation(
        name="the alerts of a renamed job move with it",
        exporters=[
            Exporter(databases=STALE, job="old", exists=BEFORE),
            Exporter(databases=STALE, job="new", exists=LATER),
        ],
        fires={110: {"BackupTooOld old"}, 160: {"BackupTooOld new"}, 420: {"BackupTooOld new"}},
        paces=ANY_PACE,
        by=("job",),
    ),
    Situation(
        name="a target that is removed on purpose is silent, and its alerts end",
        exporters=[
            Exporter(databases=STALE, labels='target="a"', exists=BEFORE),
            Exporter(databases=[Database(id="db2")], labels='target="b"'),
        ],
        fires={110: {"BackupTooOld db1"}, 160: set(), 420: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a removed target is not remembered when the others fail",
        exporters=[
            Exporter(databases=STALE, labels='target="a"', exists=BEFORE),
            Exporter(labels='target="b"', exists=until(5 * HOUR)),
        ],
        fires={290: set(), 340: {"ExporterDown - b"}, 700: {"ExporterDown - b"}},
        paces=(USUAL, SLOW),
        by=PAIR,
    ),
    Situation(
        name="one target becomes several",
        exporters=[
            Exporter(databases=[Database()], serves=BEFORE),
            Exporter(databases=[Database()], job="probe", labels='target="a"', exists=LATER),
            Exporter(databases=[Database(id="db2")], job="probe", labels='target="b"', exists=LATER),
        ],
        fires={120: set(), 160: set(), 420: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="one target becomes several under the same job",
        exporters=[
            Exporter(databases=STALE, serves=BEFORE),
            Exporter(databases=STALE, instance="a:2", labels='target="a"', exists=LATER),
        ],
        fires={110: {"BackupTooOld -"}, 160: {"BackupTooOld a"}, 420: {"BackupTooOld a"}},
        paces=(USUAL, SLOW),
        by=("target",),
    ),
    Situation(
        name="a target that Prometheus still probes pages although others answer",
        exporters=[
            Exporter(labels='target="a"', answers=BEFORE),
            Exporter(databases=[Database()], labels='target="b"'),
        ],
        fires={110: set(), 160: {"ExporterDown - a"}, 420: {"ExporterDown - a"}},
        paces=(USUAL, SLOW),
        by=PAIR,
    ),
    Situation(
        name="an exporter in another namespace hides nothing",
        exporters=[
            Exporter(databases=STALE, labels='namespace="a"', exists=BEFORE),
            Exporter(databases=STALE, labels='namespace="b"'),
        ],
        fires={
            110: {"BackupTooOld a", "BackupTooOld b"},
            160: {"BackupTooOld a", "BackupTooOld b", "ExporterDown a"},
            420: {"BackupTooOld a", "BackupTooOld b", "ExporterDown a"},
        },
        paces=(USUAL, SLOW),
        by=("namespace",),
    ),
    Situation(
        name="an exporter in another cluster hides nothing",
        exporters=[
            Exporter(databases=STALE, labels='cluster="a"', answers=BEFORE),
            Exporter(databases=STALE, labels='cluster="b"'),
        ],
        fires={160: {"BackupTooOld a", "BackupTooOld b", "ExporterDown a"}},
        by=("cluster",),
    ),
    Situation(
        name="the API of one account fails while that of another answers",
        exporters=[
            Exporter(databases=STALE, labels='namespace="a"'),
            Exporter(databases=STALE, labels='namespace="b"', walks=BEFORE),
        ],
        fires={
            110: {"BackupTooOld a", "BackupTooOld b"},
            160: {"BackupTooOld a", "BackupTooOld b", "ScrapeFailing b"},
            300: {"BackupTooOld a", "BackupTooOld b", "ScrapeFailing b", "ScrapeStale b"},
        },
        paces=ANY_PACE,
        by=("namespace",),
    ),
    Situation(
        name="the same database read by two targets has its own alert in each",
        exporters=[
            Exporter(databases=STALE, labels='target="a"'),
            Exporter(databases=[Database()], labels='target="b"'),
        ],
        fires={60: {"BackupTooOld - a"}},
        by=PAIR,
    ),
    Situation(
        name="two replicas raise one alert",
        exporters=[
            Exporter(databases=STALE),
            Exporter(databases=STALE, instance="b:1"),
        ],
        fires={60: {"BackupTooOld db1"}, 120: {"BackupTooOld db1"}},
        paces=ANY_PACE,
    ),
    Situation(
        name="replicas in mid-rollout that differ in name, type and team break no rule",
        exporters=[
            Exporter(
                databases=[
                    Database(newest=-40 * HOUR, team="payments"),
                    Database(id="db2", newest=-40 * HOUR),
                ]
            ),
            Exporter(
                databases=[
                    Database(newest=-40 * HOUR, name="renamed", type="mysql", team="search"),
                    Database(id="db2", newest=-40 * HOUR),
                ],
                instance="b:1",
                exists=lambda time: HOUR <= time < 3 * HOUR,
            ),
        ],
        fires={
            minute: {"BackupTooOld db1 payments", "BackupTooOld db2 -"}
            for minute in (50, 60, 90, 170, 190, 240)
        },
        paces=(FAST, USUAL, SLOW),
        by=("instance_id", "team"),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="replicas that know different databases open a ticket",
        exporters=[
            Exporter(databases=[Database(), Database(id="db2")]),
            Exporter(databases=[Database()], instance="b:1"),
        ],
        fires={50: set(), 120: {"ReplicasDisagree"}},
        paces=ANY_PACE,
    ),
    Situation(
        name="replicas that differ for a moment are silent",
        exporters=[
            Exporter(databases=[Database(), Database(id="db2", exists=since(2 * HOUR))]),
            Exporter(
                databases=[Database(), Database(id="db2", exists=since(2 * HOUR + 10 * MINUTE))],
                instance="b:1",
            ),
        ],
        fires={130: set(), 200: set()},
    ),
    Situation(
        name="an account whose list becomes empty pages",
        exporters=[Exporter(backups=steps(9, (2 * HOUR, 0)))],
        fires={110: set(), 170: {"BackupInventoryEmpty critical"}, 420: {"BackupInventoryEmpty critical"}},
        paces=ANY_PACE,
        by=("severity",),
    ),
    Situation(
        name="an account that is empty from the start notifies nobody",
        exporters=[Exporter(backups=0)],
        fires={20: set(), 60: {"BackupInventoryEmpty info"}, 420: {"BackupInventoryEmpty info"}},
        paces=ANY_PACE,
        by=("severity",),
    ),
    Situation(
        name="an empty list that fills ends the alert",
        exporters=[Exporter(backups=steps(9, (2 * HOUR, 0), (4 * HOUR, 1)))],
        fires={170: {"BackupInventoryEmpty"}, 280: set()},
    ),
    Situation(
        name="an API that fails is not an empty list",
        exporters=[Exporter(backups=9, walks=BEFORE)],
        fires={175: {"ScrapeFailing"}},
    ),
    Situation(
        name="a database whose backups vanish is noted for twelve hours",
        exporters=[Exporter(databases=[Database(exists=BEFORE), Database(id="db2")])],
        fires={
            120: set(),
            160: {"BackupInstanceVanished db1"},
            800: {"BackupInstanceVanished db1"},
            870: set(),
            1500: set(),
        },
        paces=ANY_PACE,
    ),
    Situation(
        name="backups do not vanish in an outage or at its end",
        exporters=[Exporter(databases=[Database()], walks=except_during(2 * HOUR, 4 * HOUR))],
        fires={minute: set() for minute in (130, 160, 230, 240, 250, 260)},
        paces=ANY_PACE,
        only="BackupInstanceVanished",
    ),
    Situation(
        name="a database set to `never`, then an outage",
        exporters=[
            Exporter(
                databases=[Database(newest=-40 * HOUR, failed=1, objective=steps(30 * HOUR, (HOUR, None)))],
                walks=until(80 * MINUTE),
            )
        ],
        fires={59: {"BackupTooOld db1", "BackupFailed db1"}, 90: set(), 120: set(), 300: set(), 420: set()},
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a retired database, then an outage",
        exporters=[
            Exporter(
                databases=[Database(newest=-40 * HOUR, failed=1, exists=until(HOUR))],
                walks=until(80 * MINUTE),
            )
        ],
        fires={59: {"BackupTooOld db1", "BackupFailed db1"}, 90: set(), 120: set(), 300: set(), 420: set()},
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a database set to `never` minutes before an outage",
        exporters=[
            Exporter(
                databases=[Database(newest=-40 * HOUR, failed=1, objective=steps(30 * HOUR, (HOUR, None)))],
                walks=until(63 * MINUTE),
            )
        ],
        fires={59: {"BackupTooOld db1", "BackupFailed db1"}, 62: set(), 70: set(), 90: set(), 300: set()},
        paces=(FAST, USUAL),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a retired database minutes before its exporter stops answering",
        exporters=[
            Exporter(
                databases=[Database(newest=-40 * HOUR, failed=1, exists=until(HOUR))],
                answers=until(63 * MINUTE),
            )
        ],
        fires={59: {"BackupTooOld db1", "BackupFailed db1"}, 62: set(), 70: set(), 90: set(), 300: set()},
        paces=(FAST, USUAL),
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a database set to `never` in the scrape before an outage",
        exporters=[
            Exporter(
                databases=[Database(newest=-40 * HOUR, failed=1, objective=steps(30 * HOUR, (HOUR, None)))],
                walks=until(75 * MINUTE),
            )
        ],
        fires={50: {"BackupTooOld db1", "BackupFailed db1"}, 80: set(), 90: set(), 100: set(), 300: set()},
        paces=ANY_PACE,
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a changed type, then an outage",
        exporters=[
            Exporter(
                databases=[
                    Database(
                        type=lambda time: "unknown" if time < HOUR else "mysql",
                        newest=steps(-40 * HOUR, (HOUR, HOUR)),
                    )
                ],
                walks=until(80 * MINUTE),
            )
        ],
        fires={59: {"BackupTooOld db1"}, 65: set(), 90: set(), 300: set()},
        only=ABOUT_DATABASES,
    ),
    Situation(
        name="a database that returns after a week has no memory of its old alert",
        exporters=one(
            newest=lambda time: -40 * HOUR if time < HOUR else time, exists=except_during(HOUR, 7 * DAY)
        ),
        fires={50: {"BackupTooOld db1"}, 600: {"BackupInstanceVanished db1"}, 10100: set(), 10200: set()},
        paces=(SLOW,),
    ),
)
