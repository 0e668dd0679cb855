"""Comparisons with the past, every ten minutes: their ranges are too long for every minute."""

from typing import Final

from alerts.source.chains import chain_records, chain_too_long, full_too_old
from alerts.source.database_records import PREFIX
from alerts.source.promql import BRIDGE, LONG_MEMORY, TWO_SCRAPES, Promql, with_team
from alerts.source.table import Alert, Recording
from alerts.source.wording import DURATION, ID, NAME, TODAY, lost_share, multiple

LOW_SECONDS: Final = 35 * 86400
"""Longer than a month, so that the low after a monthly clean-up is always within it."""
CUT_SECONDS: Final = 8 * 86400
"""Longer than a week, so that a cut by a weekly clean-up is still within it at the next one."""
FEW: Final = 4
"""Databases with fewer backups than this at their lowest are not judged: they often lose half of them."""
WEEK: Final = 7
FOUR_WEEKS: Final = 28 * 86400
"""`WEEK` backups are enough if they reach back this far: a monthly clean-up may leave no more."""
DAY: Final = 86400
CHAIN: Final = "bycloud:restorable_newest:chain_length"
TEAM: Final = "bycloud:trend:team"
BACKUPS: Final = "bycloud:trend:backups"
RETENTION: Final = "bycloud:objective_retention:seconds"
OLDEST: Final = "bycloud:restorable_oldest:timestamp"


def trends(promql: Promql) -> tuple[Recording | Alert, ...]:
    """Return records and alerts in the order in which they depend on each other."""
    return (
        *_records(promql),
        *chain_records(promql),
        full_too_old(TEAM),
        chain_too_long(TEAM),
        _size_dropped(promql),
        _backups_dropped(promql),
        _gap(),
        _retention_short(),
        _slow(promql),
        _piling_up(promql),
    )


def _records(promql: Promql) -> tuple[Recording, ...]:
    served = (
        (
            "bycloud:restorable_full:bytes",
            "restorable_newest_full_size_bytes",
            "Size of the newest full backup.",
        ),
        (
            "bycloud:restorable_gap:seconds",
            "restorable_largest_gap_seconds",
            "Largest gap between restore points.",
        ),
        ("bycloud:objective_gap:seconds", "backup_objective_gap_seconds", "How large a gap may be."),
        (RETENTION, "backup_objective_retention_seconds", "How far back restore points have to reach."),
        (CHAIN, "restorable_newest_chain_length", "Backups that a restore of the newest one reads."),
    )
    plain = tuple(
        Recording(name=name, expression=promql.by_database(PREFIX + metric, window=TWO_SCRAPES), note=note)
        for name, metric, note in served
    )
    return (*_copies(promql), *plain, _duration(promql), *_lowest(promql), *_oldest(promql))


def _duration(promql: Promql) -> Recording:
    database = promql.settings.database
    duration, created = (
        f"max by ({database}, status) ({promql.metric(PREFIX + metric, window=BRIDGE)})"
        for metric in ("backup_newest_duration_seconds", "backup_newest_timestamp_seconds")
    )
    newest = promql.by_database(PREFIX + "usable_newest_timestamp_seconds", window=BRIDGE)
    return Recording(
        name="bycloud:usable_newest:duration_seconds",
        expression=f"max by ({database}) (\n  {duration}\n  and {created} == on ({database}) group_left () {newest}\n)",
        note="How long the newest usable backup took.",
    )


def _copies(promql: Promql) -> tuple[Recording, Recording]:
    """Return what another group has recorded: an instant selector does not see it if evaluations are rare."""
    database = promql.settings.database
    teams = f"max by ({database}, team) (last_over_time(bycloud:database:team[{BRIDGE}]))"
    return (
        Recording(
            name=BACKUPS,
            expression=promql.recorded("bycloud:restorable:backups", BRIDGE),
            note="Restorable backups of a known database.",
        ),
        Recording(name=TEAM, expression=f"topk by ({database}) (1, {teams})", note="A database's one team."),
    )


def _lowest(promql: Promql) -> tuple[Recording, Recording]:
    backups = promql.database_value(BACKUPS)
    low_since = promql.database_value("bycloud:restorable_low:timestamp")
    low = promql.recorded("bycloud:restorable_low:backups", LONG_MEMORY)
    since = promql.recorded("bycloud:restorable_low:timestamp", LONG_MEMORY)
    return (
        Recording(
            name="bycloud:restorable_low:timestamp",
            expression=f"time() + 0 * ({backups} unless {low} < {backups})\n"
            f"or {since} > time() - {LOW_SECONDS} and {backups}\n"
            f"or time() + 0 * {backups}",
            note="When the number of restorable backups was last at its lowest of 35 days.",
        ),
        Recording(
            name="bycloud:restorable_low:backups",
            expression=f"{backups} and {low_since} == time()\nor {low} and {backups}",
            note="The lowest number of restorable backups in 35 days.",
        ),
    )


def _oldest(promql: Promql) -> tuple[Recording, Recording, Recording]:
    database = promql.settings.database
    served = promql.metric(PREFIX + "restorable_oldest_timestamp_seconds", window=BRIDGE)
    oldest = f"min by ({database}) ({served})"
    before = promql.recorded(OLDEST, LONG_MEMORY)
    known, retention = promql.database_value(BACKUPS), promql.database_value(RETENTION)
    cut = promql.recorded("bycloud:retention_cut:timestamp", LONG_MEMORY)
    reached = promql.recorded("bycloud:retention_reached:seconds", LONG_MEMORY)
    removed_at_age = f"time() - ({before} < {oldest})"
    return (
        Recording(
            name="bycloud:retention_cut:timestamp",
            expression=f"time() + 0 * ({before} > time() - {retention} < {oldest})\n"
            f"or {cut} > time() - {CUT_SECONDS} and {known}",
            note="When the oldest restore point was last removed before its `min_retention`.",
        ),
        Recording(
            name="bycloud:retention_reached:seconds",
            expression=f"{removed_at_age} > {reached}\nor {reached} and {known}\nor {removed_at_age}",
            note="The largest age at which the oldest restore point was removed.",
        ),
        Recording(
            name=OLDEST,
            expression=f"{oldest}\nor {before} and {known}",
            note="When the oldest restorable backup was created.",
        ),
    )


def _size_dropped(promql: Promql) -> Alert:
    size = "bycloud:restorable_full:bytes"
    ratio = promql.settings.size_ratio
    return Alert(
        name="ByCloudBackupSizeDropped",
        expression=with_team(f"{size} < {ratio:g} * quantile_over_time(0.5, {size}[14d])", TEAM),
        severity="warning",
        wait="1h",
        summary=f"The newest full backup of database {NAME} is only {{{{ humanize1024 $value }}}}B",
        description=f"The newest restorable full backup of {ID} is {{{{ humanize1024 $value }}}}B large, less than"
        f" {multiple(ratio)} the median of the last 14 days.",
        meaning="the newest full backup is less than half of the median size of the last 14 days",
        urgency=TODAY,
    )


def _backups_dropped(promql: Promql) -> Alert:
    low, all_backups, chain = (
        f"last_over_time({record}[{BRIDGE}] offset 1d)"
        for record in ("bycloud:restorable_low:backups", BACKUPS, CHAIN)
    )
    ratio = promql.settings.count_ratio
    return Alert(
        name="ByCloudBackupsDropped",
        expression=with_team(
            f"{BACKUPS} < {ratio:g} * ({low} >= {FEW})\n"
            f"unless {chain} == {all_backups}\n"
            f"unless ({BACKUPS} >= {WEEK} and {OLDEST} < time() - {FOUR_WEEKS})",
            TEAM,
        ),
        severity="warning",
        wait="30m",
        summary=f"Database {NAME} has lost {lost_share(ratio)} of its restorable backups: {{{{ $value }}}} are left",
        description=f"{ID} has {{{{ $value }}}} restorable backups, less than {multiple(ratio)} the lowest number of"
        " the weeks until yesterday.",
        meaning="fewer than half as many backups can be restored as at the lowest point of the last 35 days",
        urgency=TODAY,
    )


def _gap() -> Alert:
    gap = "bycloud:restorable_gap:seconds"
    return Alert(
        name="ByCloudBackupGap",
        expression=with_team(
            f"{gap} > bycloud:objective_gap:seconds and {gap} > min_over_time({gap}[1d])", TEAM
        ),
        severity="warning",
        wait="15m",
        summary=f"Database {NAME} has no restore point within {DURATION}",
        description=f"Two neighbouring restore points of {ID} are {DURATION} apart, or the newest is that old: more than"
        " its objective allows.",
        meaning="the largest gap between restore points exceeds the objective's `max_gap`, and grew within a day",
        urgency=TODAY,
    )


def _retention_short() -> Alert:
    return Alert(
        name="ByCloudBackupRetentionShort",
        expression=with_team(
            f"time() - {OLDEST} < {RETENTION} and bycloud:retention_cut:timestamp > 0", TEAM
        ),
        severity="warning",
        wait="30m",
        summary=f"Database {NAME} can only be restored to points of the last {DURATION}",
        description=f"Restore points of {ID} were removed before they were as old as its objective requires. The oldest"
        f" one left is {DURATION} old.",
        meaning="restore points younger than the objective's `min_retention` have been removed within 8 days",
        urgency=TODAY,
    )


def _slow(promql: Promql) -> Alert:
    duration = "bycloud:usable_newest:duration_seconds"
    median = f"quantile_over_time(0.5, {duration}[14d])"
    settings = promql.settings
    return Alert(
        name="ByCloudBackupSlow",
        expression=with_team(
            f"{duration} > {settings.slow_ratio:g} * {median} and {duration} > {settings.slow_seconds} + {median}",
            TEAM,
        ),
        severity="warning",
        wait="15m",
        summary=f"The newest backup of database {NAME} took {DURATION}",
        description=f"The newest backup of {ID} took {DURATION}, more than {multiple(settings.slow_ratio)} the median"
        " of the last 14 days.",
        meaning="the newest usable backup took twice the median duration of the last 14 days, and 15m more",
        urgency=TODAY,
    )


def _piling_up(promql: Promql) -> Alert:
    usual = f"{promql.settings.piling_ratio:g} * bycloud:retention_reached:seconds"
    return Alert(
        name="ByCloudBackupsPilingUp",
        expression=with_team(
            f"time() - {OLDEST} > {DAY} + {usual}\nunless time() - {OLDEST} < {RETENTION}", TEAM
        ),
        severity="warning",
        wait="1h",
        summary=f"Old backups of database {NAME} are no longer removed",
        description=f"The oldest restore point of {ID} is {DURATION} old. Earlier ones were removed before that age.",
        meaning="the oldest restore point is a quarter older than the age at which earlier ones were removed",
        urgency=TODAY,
    )
