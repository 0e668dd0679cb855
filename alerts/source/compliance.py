"""How much of the last 30 days each database, team and fleet was within its objective, every hour.

Every ten minutes, another group records whether each database meets its `max_age`: 1 or 0, and nothing while that is
unknown. So unknown time counts as neither met nor missed, and the number of samples is the known time.
"""

from typing import Final

from alerts.source.promql import BRIDGE, Promql
from alerts.source.table import Alert, Recording
from alerts.source.wording import TARGET, TODAY

PERIOD_DAYS: Final = 30
BURN_DAYS: Final = 3
SAMPLES: Final = 144
"""Of a known day."""
MET: Final = "bycloud:objective_age:met"
TICK: Final = "bycloud:compliance:tick_timestamp"
TEAM: Final = "bycloud:database_compliance:team"
RATIO: Final = "bycloud:database_compliance:ratio"
DAYS: Final = "bycloud:database_compliance:days"
MISSED: Final = "bycloud:database_missed:days"
MISSED_LATELY: Final = "bycloud:database_missed_lately:days"


def met_records(promql: Promql) -> tuple[Recording, Recording]:
    """Return the records of the ten minutes' group; they read those of the minute's group."""
    target = promql.settings.target
    known = f"max by ({target}) (last_over_time(bycloud:exporter:scrapes[{BRIDGE}]) > -Inf)"
    tick = Recording(
        name=TICK,
        expression=f"time() + 0 * ({known} unless on ({target}) last_over_time({TICK}[9m30s]))",
        note="Every ten minutes, also if the group is evaluated more often: when compliance is recorded.",
    )
    return tick, _met(promql)


def _met(promql: Promql) -> Recording:
    target = promql.settings.target
    backups, seen, objective, newest, overdue = (
        promql.recorded(f"bycloud:{record}", BRIDGE)
        for record in (
            "restorable:backups",
            "backup_seen:timestamp",
            "objective_age:seconds",
            "restorable_newest:timestamp",
            "objective_unmet:since_timestamp",
        )
    )
    return Recording(
        name=MET,
        expression=f"(0 * ({objective} and {backups} == 0 and {seen})\n"
        f"or time() - {newest} <= bool {objective}\n"
        f"or 0 * (time() - {overdue} > {objective}))\n"
        f"and on ({target}) {TICK} == time() unless on ({target}) last_over_time(bycloud:target:memory[{BRIDGE}]) == 1",
        note="Every ten minutes, 1 where the database meets its `max_age`, 0 where it does not; nothing in an outage, or"
        " before the first backup is due.",
    )


def compliance(promql: Promql) -> tuple[Recording | Alert, ...]:
    """Return records and the alert in the order in which they depend on each other."""
    settings = promql.settings
    return (
        _team(promql),
        *_of_databases(promql),
        _budget(promql, "database", f"{settings.database}, team"),
        *_of_level(promql, "team", f"{settings.target}, team", "the team's"),
        *_of_level(promql, "fleet", settings.target, "the target's"),
        _burn(promql),
    )


def _team(promql: Promql) -> Recording:
    database = promql.settings.database
    teams = f"max by ({database}, team) (last_over_time(bycloud:database:team[{BRIDGE}]))"
    return Recording(
        name=TEAM,
        expression=f"topk by ({database}) (1, {teams})\n"
        f"and on ({database}) {promql.recorded('bycloud:objective_age:seconds', BRIDGE)}",
        note="The team of each database that has a `max_age` now; others do not count.",
    )


def _of_databases(promql: Promql) -> tuple[Recording, ...]:
    period, recent, lately = (f"{MET}[{window}]" for window in (f"{PERIOD_DAYS}d", f"{BURN_DAYS}d", "6h"))
    return (
        _counted(
            promql,
            DAYS,
            f"count_over_time({period})",
            f"/ {SAMPLES}",
            "Days of the last 30 in which it is known whether the database met its `max_age`.",
        ),
        _counted(promql, RATIO, f"avg_over_time({period})", "", "The met share of these days."),
        _missed(promql, MISSED, recent, f"Missed days of the last {BURN_DAYS}."),
        _missed(promql, MISSED_LATELY, lately, "Missed days of the last 6 hours."),
    )


def _missed(promql: Promql, name: str, samples: str, note: str) -> Recording:
    missed = f"count_over_time({samples}) - sum_over_time({samples})"
    return _counted(promql, name, missed, f"/ {SAMPLES}", note)


def _counted(promql: Promql, name: str, value: str, divided: str, note: str) -> Recording:
    """Record a value of each database that counts, with its team."""
    database = promql.settings.database
    value = f"max by ({database}) ({value}) {divided}".rstrip()
    teams = f"max by ({database}, team) ({TEAM})"
    expression = f"{value}\n+ on ({database}) group_left (team) 0 * {teams}"
    return Recording(name=name, expression=expression, note=note)


def _of_level(promql: Promql, level: str, labels: str, whose: str) -> tuple[Recording, ...]:
    """Return the records of teams or of whole targets."""
    name = f"bycloud:{level}_compliance"
    return (
        Recording(
            name=f"{name}:databases",
            expression=f"count by ({labels}) ({DAYS})",
            note=f"How many of {whose} databases the next figures cover.",
        ),
        Recording(
            name=f"{name}:days",
            expression=f"avg by ({labels}) ({DAYS})",
            note=f"Known days of the last 30, as the mean of {whose} databases.",
        ),
        Recording(
            name=f"{name}:ratio",
            expression=f"sum by ({labels}) ({RATIO} * {DAYS}) / sum by ({labels}) ({DAYS})",
            note=f"The met share of the known time of {whose} databases.",
        ),
        _budget(promql, level, labels),
    )


def _budget(promql: Promql, level: str, labels: str) -> Recording:
    ratio = f"max by ({labels}) (bycloud:{level}_compliance:ratio)"
    return Recording(
        name=f"bycloud:{level}_error_budget:ratio",
        expression=f"1 - (1 - {ratio}) / (1 - {promql.settings.compliance:g})",
        note="The unspent part of the error budget of the known time; below 0: overspent.",
    )


def _burn(promql: Promql) -> Alert:
    labels = f"{promql.settings.target}, team"
    budget = (1 - promql.settings.compliance) * PERIOD_DAYS
    lately = promql.settings.burn_ratio * budget * 0.25 / BURN_DAYS
    return Alert(
        name="ByCloudBackupErrorBudgetBurn",
        expression=f"avg by ({labels}) ({MISSED}) / {budget:g} > {promql.settings.burn_ratio:g}\n"
        f"and avg by ({labels}) ({MISSED_LATELY}) > {lately:g}",
        severity="warning",
        summary="Backups{{ with $labels.team }} of team {{ . }}{{ end }} have spent {{ humanizePercentage $value }} of"
        f" their error budget within {BURN_DAYS} days ({TARGET})",
        description="Within 3 days, databases{{ with $labels.team }} of team {{ . }}{{ end }}"
        " have spent {{ humanizePercentage $value }} of the time of 30 days in which restore points may be older than"
        f" `max_age` ({TARGET}).",
        meaning="a team's databases spent a tenth of 30 days' error budget within 3 days, and go on spending it",
        urgency=TODAY,
    )
