"""Recording rules about the backups of each database."""

from typing import Final

from alerts.source.promql import BRIDGE, MEMORY, Promql
from alerts.source.table import Recording
from alerts.source.target_records import TICK

PREFIX: Final = "bycloud_database_"
MET: Final = "bycloud:objective_age:met"
VANISHED_SECONDS: Final = 12 * 3600
"""How long the backups of a database that no longer exists are remembered."""


def database_records(promql: Promql) -> tuple[Recording, ...]:
    """Return them in the order in which they depend on each other."""
    return (
        _fact(
            promql,
            "bycloud:restorable:backups",
            "restorable_backups",
            "Restorable backups of a known database.",
        ),
        _fact(
            promql,
            "bycloud:restorable_newest:timestamp",
            "restorable_newest_timestamp_seconds",
            "When the newest restorable backup was created.",
        ),
        _fact(
            promql,
            "bycloud:usable_newest:timestamp",
            "usable_newest_timestamp_seconds",
            "When the newest backup of a usable status was created, whether its chain is whole or not.",
        ),
        _fact(
            promql,
            "bycloud:objective_age:seconds",
            "backup_objective_age_seconds",
            "How old the newest restorable backup may be; only of databases with a `max_age`.",
        ),
        _failed(promql),
        _unrestorable(promql),
        *_due(promql),
        _seen(promql),
        _since(promql),
        _trouble(promql),
        _name(promql),
        _team(promql),
        _labels(promql),
        _met(promql),
    )


def _fact(promql: Promql, record: str, metric: str, note: str) -> Recording:
    return Recording(name=record, expression=promql.plain_fact(record, PREFIX + metric), note=note)


def _failed(promql: Promql) -> Recording:
    record = "bycloud:last_attempt:failed"
    metric = PREFIX + "backup_last_attempt_failed"
    now, recent = promql.by_database(metric), promql.by_database(metric, window=BRIDGE)
    return Recording(
        name=record,
        expression=promql.fact(record, f"{now} == 1", f"{recent} == 1"),
        note="1 where the newest finished attempt failed.",
    )


def _unrestorable(promql: Promql) -> Recording:
    record = "bycloud:unrestorable:backups"

    def broken(window: str = "") -> str:
        by_reason = promql.metric(PREFIX + "unrestorable_backups", 'reason!="parent_running"', window)
        running = promql.by_database(PREFIX + "unrestorable_backups", 'reason="parent_running"', window)
        database = promql.settings.database
        return f"sum by ({database}) (max by ({database}, reason) ({by_reason})) unless {running} > 0"

    return Recording(
        name=record,
        expression=promql.fact(record, broken(), broken(BRIDGE)),
        note="Usable backups with a broken chain; not while one waits for its parent.",
    )


def _due(promql: Promql) -> tuple[Recording, ...]:
    """Return when the running backup and the newest full one exceed their objectives, and by what the chain does."""
    return (
        _combined(
            promql,
            ("bycloud:backup_running:due_timestamp", "When the oldest running backup has to end."),
            "backup_running_oldest_timestamp_seconds",
            "+",
            "backup_objective_duration_seconds",
        ),
        _combined(
            promql,
            ("bycloud:full_backup:due_timestamp", "When the next full backup is due."),
            "restorable_newest_full_timestamp_seconds",
            "+",
            "backup_objective_full_age_seconds",
        ),
        _combined(
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


def _combined(promql: Promql, record: tuple[str, str], left: str, operator: str, right: str) -> Recording:
    name, note = record

    def both(window: str = "") -> str:
        values = (promql.by_database(PREFIX + metric, window=window) for metric in (left, right))
        return f" {operator} ".join(values)

    return Recording(name=name, expression=promql.fact(name, both(), both(BRIDGE)), note=note)


def _seen(promql: Promql) -> Recording:
    record = "bycloud:backup_seen:timestamp"
    finished = promql.by_database(PREFIX + "backup_last_attempt_failed", window=BRIDGE)
    any_status = promql.by_database(PREFIX + "backups", 'instance_id!="unknown"', BRIDGE)
    running = promql.by_database(PREFIX + "backup_running_oldest_timestamp_seconds", window=BRIDGE)
    kept, restorable = promql.recorded(record), promql.database_value("bycloud:restorable:backups")
    return Recording(
        name=record,
        expression=f"time() + 0 * ({finished} or {restorable} > 0)\n"
        f"or time() + 0 * ({any_status} unless {running})\n"
        f"or {kept} > time() - {VANISHED_SECONDS}\n"
        f"or {kept} and {restorable}",
        note="When the database last had a backup that was not running.",
    )


def _since(promql: Promql) -> Recording:
    record = "bycloud:objective_unmet:since_timestamp"
    return Recording(
        name=record,
        expression=f"({promql.recorded(record)} or time() + 0 * {promql.database_value('bycloud:objective_age:seconds')})\n"
        f"and on ({promql.settings.database}) (bycloud:objective_age:seconds > 0 and bycloud:restorable:backups == 0)",
        note="Since when a database without a restorable backup has had an objective.",
    )


def _met(promql: Promql) -> Recording:
    database, target = promql.settings.database, promql.settings.target
    objective = promql.database_value("bycloud:objective_age:seconds")
    newest = promql.database_value("bycloud:restorable_newest:timestamp")
    overdue = promql.database_value("bycloud:objective_unmet:since_timestamp")
    return Recording(
        name=MET,
        expression=f"(time() - {newest} <= bool {objective}\n"
        f"or 0 * ({objective} and on ({database}) (bycloud:restorable:backups == 0 and bycloud:backup_seen:timestamp))\n"
        f"or 0 * (time() - {overdue} > {objective}))\n"
        f"and on ({target}) {TICK} == time() unless on ({target}) bycloud:target:outage",
        note="Every ten minutes, 1 where the database meets its `max_age`, 0 where it does not; nothing in an outage, or"
        " before the first backup is due.",
    )


def _trouble(promql: Promql) -> Recording:
    return Recording(
        name="bycloud:database:trouble",
        expression=f"max by ({promql.settings.database}) (\n"
        "  time() - bycloud:restorable_newest:timestamp > bycloud:objective_age:seconds or bycloud:restorable:backups == 0\n"
        "  or bycloud:last_attempt:failed == 1 or bycloud:unrestorable:backups > 0 or bycloud:chain_excess:backups > 0\n"
        "  or time() - bycloud:backup_running:due_timestamp > 0 or time() - bycloud:full_backup:due_timestamp > 0\n"
        "  or bycloud:backup_seen:timestamp unless bycloud:restorable:backups)",
        note="Databases on which an alert may fire or be pending: they keep their name.",
    )


def _name(promql: Promql) -> Recording:
    database = promql.settings.database
    record = "bycloud:database:name"
    known = f"max by ({database}) (bycloud:restorable:backups or bycloud:backup_seen:timestamp)"
    remembered = _last_of(promql, record, "instance_name")
    return Recording(
        name=record,
        expression=f"{remembered} > 0 and on ({database}) bycloud:database:trouble\n"
        f"or on ({database}) time() + 0 * {_one(promql, PREFIX + 'instance_info', 'instance_name')}\n"
        f"or on ({database}) {remembered} and on ({database}) {known}\n"
        f'or on ({database}) label_replace(0 * {known}, "instance_name", "$1", "instance_id", "(.*)")',
        note="A database's one name; it changes only while no alert on the database may fire. The value is the time at"
        " which it was served: the last one counts; 0: the name is not known, and this is the id.",
    )


def _labels(promql: Promql) -> Recording:
    database = promql.settings.database
    return Recording(
        name="bycloud:database:labels",
        expression=f"max by ({database}, instance_name) (bycloud:database:name)\n"
        f"+ on ({database}) group_left (team) max by ({database}, team) (bycloud:database:team)",
        note="A database's one name and its one team, as labels of its alerts.",
    )


def _team(promql: Promql) -> Recording:
    database, target = promql.settings.database, promql.settings.target
    label = f"label_{promql.settings.team}"
    record = "bycloud:database:team"
    records = ("restorable:backups", "objective_age:seconds", "unrestorable:backups", "backup_seen:timestamp")
    known = " or ".join(f"bycloud:{record}" for record in records)
    renamed = f'label_replace({_one(promql, PREFIX + "labels", label)}, "team", "$1", "{label}", "(.*)")'
    return Recording(
        name=record,
        expression=f"time() + 0 * max by ({database}, team) ({renamed})\n"
        f"or on ({database}) {_last_of(promql, record, 'team')} and on ({target}) bycloud:target:outage\n"
        f"or on ({database}) time() + 0 * max by ({database}) ({known})",
        note="A database's one team, without the label if it has none. The value is the time at which it was served.",
    )


def _one(promql: Promql, metric: str, label: str) -> str:
    """Return exactly one series for a database: of two replicas in mid-rollout, the one with the first label value."""
    database = promql.settings.database
    now, recent = (f"max by ({database}, {label}) ({promql.metric(metric, window=w)})" for w in ("", BRIDGE))
    return f"topk by ({database}) (1, 2 * {now} or {recent} {promql.unless_visible})"


def _last_of(promql: Promql, record: str, label: str) -> str:
    """Return the series of a database that was served last."""
    database = promql.settings.database
    return f"topk by ({database}) (1, max by ({database}, {label}) (last_over_time({record}[{MEMORY}])))"
