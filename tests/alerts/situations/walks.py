"""Walks that fail, walks that wait, and what they miss."""

from typing import Final

from tests.support.rule_world import (
    DAY,
    FAST,
    HOUR,
    MINUTE,
    SLOW,
    USUAL,
    Database,
    Exporter,
    never,
    since,
    steps,
    until,
)
from tests.support.situation import ANY_PACE, Situation

HEALTHY: Final = (Database(),)
EXPIRY: Final = "bycloud_api_credential_expiry_timestamp_seconds"
WALKS: Final = (
    Situation(
        name="walks that fail open a ticket, and page once the data is an hour old",
        exporters=[Exporter(databases=HEALTHY, walks=lambda time: not 2 * HOUR <= time < 5 * HOUR)],
        fires={
            120: set(),
            170: {"ScrapeFailing"},
            240: {"ScrapeFailing", "ScrapeStale"},
            290: {"ScrapeFailing", "ScrapeStale"},
            330: set(),
        },
        paces=ANY_PACE,
    ),
    Situation(
        name="an exporter that never walked successfully pages after an hour",
        exporters=[Exporter(walks=never)],
        fires={
            50: {"ScrapeFailing"},
            90: {"ScrapeFailing", "ScrapeStale"},
            420: {"ScrapeFailing", "ScrapeStale"},
        },
        paces=ANY_PACE,
    ),
    Situation(
        name="a restart in an outage does not end the page for stale data",
        exporters=[Exporter(walks=until(HOUR), starts=(3 * HOUR,))],
        fires={minute: {"ScrapeFailing", "ScrapeStale"} for minute in (170, 181, 183, 190, 300)},
        paces=(FAST, USUAL),
    ),
    Situation(
        name="a replica whose walks succeed is enough",
        exporters=[
            Exporter(databases=HEALTHY, walks=until(HOUR)),
            Exporter(databases=HEALTHY, instance="b:1"),
        ],
        fires={300: set()},
        paces=(USUAL, SLOW),
    ),
    Situation(
        name="a walk an hour is no failure",
        exporters=[Exporter(databases=HEALTHY, pace=HOUR, deferred=True)],
        fires={minute: set() for minute in (50, 70, 110, 130, 180, 300)},
        paces=ANY_PACE,
    ),
    Situation(
        name="a walk every five hours is no failure",
        exporters=[Exporter(databases=HEALTHY, pace=5 * HOUR, deferred=True)],
        fires={minute: set() for minute in (100, 290, 310, 400, 590, 620, 420)},
        paces=ANY_PACE,
    ),
    Situation(
        name="fast scrapes on a small budget are no failure",
        exporters=[Exporter(databases=HEALTHY, pace=MINUTE, deferred=True)],
        fires={30: set(), 60: set(), 120: set()},
        paces=(FAST,),
    ),
    Situation(
        name="a paced walk that does not come pages an hour after it was due",
        exporters=[Exporter(databases=HEALTHY, pace=2 * HOUR, walks=until(30 * MINUTE), gauges={})],
        fires={150: {"ScrapeFailing"}, 210: {"ScrapeFailing", "ScrapeStale"}},
        paces=(USUAL,),
    ),
    Situation(
        name="an API that answers 429 for half an hour opens a ticket",
        exporters=[Exporter(databases=HEALTHY, walks=until(HOUR), failure="rate_limited")],
        fires={60: set(), 110: {"ScrapeFailing", "ApiRateLimited"}},
        paces=(FAST, USUAL, SLOW),
    ),
    Situation(
        name="an exhausted budget opens a ticket, though no walk fails",
        exporters=[
            Exporter(
                databases=(),
                serves=never,
                gauges={
                    "bycloud_up": 1,
                    "bycloud_scrape_deferred": steps(0, (HOUR, 1)),
                    "bycloud_last_success_timestamp_seconds": lambda time: min(time, HOUR),
                },
            )
        ],
        fires={80: set(), 120: {"ApiRateLimited"}, 140: {"ApiRateLimited", "ScrapeStale"}},
        paces=ANY_PACE,
    ),
    Situation(
        name="a refused credential pages",
        exporters=[Exporter(databases=HEALTHY, walks=until(HOUR), failure="auth")],
        fires={60: set(), 78: {"ApiAuthFailed", "ScrapeFailing"}},
        paces=(FAST, USUAL),
        only="ApiAuthFailed|ScrapeFailing",
    ),
    Situation(
        name="a refused credential pages at any pace, and a new one ends it",
        exporters=[
            Exporter(databases=HEALTHY, walks=lambda time: not HOUR <= time < 2 * HOUR, failure="auth")
        ],
        fires={60: set(), 90: {"ApiAuthFailed"}, 140: set()},
        paces=ANY_PACE,
        only="ApiAuthFailed",
    ),
    Situation(
        name="a new credential in a new pod ends the page at once",
        exporters=[
            Exporter(walks=until(HOUR), failure="auth", exists=until(2 * HOUR)),
            Exporter(instance="b:1", exists=since(2 * HOUR)),
        ],
        fires={119: {"ApiAuthFailed"}, 122: set()},
        paces=(FAST, USUAL),
        only="ApiAuthFailed",
    ),
    Situation(
        name="records that are malformed open a ticket",
        exporters=[Exporter(gauges={"bycloud_scrape_malformed_backups": steps(0, (HOUR, 2))})],
        fires={110: set(), 140: {"ScrapeIncomplete"}},
        paces=ANY_PACE,
    ),
    Situation(
        name="a list that is shorter than reported opens a ticket",
        exporters=[Exporter(gauges={"bycloud_scrape_reported_backups": steps(9, (HOUR, 10))})],
        fires={110: set(), 140: {"ScrapeIncomplete"}},
        paces=ANY_PACE,
    ),
    Situation(
        name="excluded backups are not missing from the list",
        exporters=[
            Exporter(
                backups=10,
                gauges={"bycloud_scrape_reported_backups": 10, "bycloud_scrape_excluded_backups": 1},
            )
        ],
        fires={140: set()},
    ),
    Situation(
        name="excluded backups do not hide that the list is shorter than reported",
        exporters=[
            Exporter(
                backups=9,
                gauges={"bycloud_scrape_reported_backups": 10, "bycloud_scrape_excluded_backups": 1},
            )
        ],
        fires={140: {"ScrapeIncomplete"}},
    ),
    Situation(
        name="a backup of an unknown status opens a ticket",
        exporters=[
            Exporter(gauges={"bycloud_scrape_unknown_status_backups": steps(0, (HOUR, 1), (3 * HOUR, 0))})
        ],
        fires={60: set(), 100: {"BackupStatusUnknown"}, 220: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a list of instances that fails opens a ticket after an hour",
        exporters=[
            Exporter(
                gauges={
                    'bycloud_scrape_collector_success{collector="backups"}': 1,
                    'bycloud_scrape_collector_success{collector="instances"}': steps(
                        1, (HOUR, 0), (4 * HOUR, 1)
                    ),
                }
            )
        ],
        fires={60: set(), 110: set(), 150: {"InstancesStale"}, 280: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a list of backups that fails is not the list of instances",
        exporters=[Exporter(gauges={'bycloud_scrape_collector_success{collector="backups"}': 0})],
        fires={150: set()},
    ),
    Situation(
        name="a configuration that cannot be reloaded opens a ticket",
        exporters=[
            Exporter(
                gauges={"bycloud_exporter_config_last_reload_successful": steps(1, (HOUR, 0), (3 * HOUR, 1))}
            )
        ],
        fires={60: set(), 100: {"ConfigReloadFailed"}, 220: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="a web configuration that cannot be reloaded by one replica opens a ticket",
        exporters=[
            Exporter(gauges={"bycloud_exporter_web_config_last_reload_successful": steps(1, (HOUR, 0))}),
            Exporter(gauges={"bycloud_exporter_web_config_last_reload_successful": 1}, instance="b:1"),
        ],
        fires={60: set(), 100: {"ConfigReloadFailed"}},
        paces=(USUAL, SLOW),
    ),
    Situation(
        name="a credential that expires within two weeks opens a ticket",
        exporters=[Exporter(gauges={EXPIRY + '{target="a"}': 20 * DAY})],
        fires={60: set(), 1500: set(), 8600: set(), 8700: {"CredentialExpiring a"}},
        paces=(SLOW,),
        by=("target",),
    ),
    Situation(
        name="a token that is renewed every hour is silent",
        exporters=[Exporter(gauges={EXPIRY: lambda time: time - time % HOUR + 2 * HOUR})],
        fires={60: set(), 1500: set(), 3000: set()},
        paces=(USUAL, SLOW),
    ),
    Situation(
        name="a token whose renewal stopped opens a ticket",
        exporters=[Exporter(gauges={EXPIRY: lambda time: min(time - time % HOUR, DAY) + 3 * DAY})],
        fires={1500: set(), 2800: set(), 2950: {"CredentialExpiring"}},
        paces=(SLOW,),
    ),
    Situation(
        name="an account at nine tenths of its allowed backups is silent, above it opens a ticket",
        exporters=[
            Exporter(
                backups=steps(90, (HOUR, 91), (3 * HOUR, 40)),
                gauges={"bycloud_scrape_objective_backups": 100},
            )
        ],
        fires={60: set(), 100: {"BackupQuota"}, 220: set()},
        paces=ANY_PACE,
    ),
    Situation(
        name="excluded backups count against the quota",
        exporters=[
            Exporter(
                backups=92,
                gauges={"bycloud_scrape_objective_backups": 100, "bycloud_scrape_excluded_backups": 12},
            )
        ],
        fires={60: {"BackupQuota"}},
    ),
    Situation(
        name="backups that exist but were not read count against the quota",
        exporters=[
            Exporter(
                backups=80,
                gauges={"bycloud_scrape_objective_backups": 100, "bycloud_scrape_stored_backups": 92},
            )
        ],
        fires={60: {"BackupQuota"}},
    ),
    Situation(
        name="an account without a quota is silent",
        exporters=[Exporter(backups=9000)],
        fires={60: set()},
    ),
)
