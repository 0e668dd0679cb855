"""Recording rules about the backups of each database."""

from typing import Final

from alerts.source.promql import BRIDGE, MEMORY, Promql
from alerts.source.table import Recording

PREFIX: Final = "bycloud_database_"
VANISHED_SECONDS: Final = 12 * 3600
"""How long the backups of a database that no longer exists are remembered."""


def database_records(promql: Promql) -> tuple[Recording, ...]:
    """Return them in the order in which they depend on each other."""
    return (
        _fact(
            promql,
            "bycloud:restorable:backups",
            _recent(promql, "restorable_backups"),
            "Restorable backups of a known database.",
        ),
        _fact(
            promql,
            "bycloud:restorable_newest:timestamp",
            _recent(promql, "restorable_newest_timestamp_seconds"),
            "When the newest restorable backup was created.",
        ),
        _fact(
            promql,
            "bycloud:objective_age:seconds",
            promql.current_metric(PREFIX + "backup_objective_age_seconds"),
            "How old the newest restorable backup may be; only of databases with a `max_age`.",
        ),
        _fact(
            promql,
            "bycloud:last_attempt:failed",
            f"{_recent(promql, 'backup_last_attempt_failed')} == 1",
            "1 where the newest finished attempt failed.",
        ),
        _unrestorable(promql),
        _running_due(promql),
        _seen(promql),
        _since(promql),
        _trouble(promql),
        _name(promql),
        _team(promql),
        _labels(promql),
    )


def _fact(promql: Promql, record: str, served: str, note: str) -> Recording:
    return Recording(name=record, expression=promql.fact(record, served), note=note)


def _recent(promql: Promql, metric: str) -> str:
    """Return a metric's values of 11 minutes.

    They may last that much longer than the metric, but every alert reads them together with a fact that does not.
    """
    return promql.by_database(PREFIX + metric, window=BRIDGE)


def _unrestorable(promql: Promql) -> Recording:
    record, name = "bycloud:unrestorable:backups", PREFIX + "unrestorable_backups"
    database = promql.settings.database

    def broken(window: str = "") -> str:
        by_reason = promql.metric(name, 'reason!="parent_running"', window)
        return f"sum by ({database}) (max by ({database}, reason) ({by_reason}))"

    running = promql.by_database(name, 'reason="parent_running"', BRIDGE)
    usable = _recent(promql, "usable_newest_timestamp_seconds")
    restorable = promql.database_value("bycloud:restorable_newest:timestamp")
    return _fact(
        promql,
        record,
        f"({promql.current(broken(), broken(BRIDGE))})\nunless {running} > 0 unless {usable} <= {restorable}",
        "Usable backups with a broken chain, if the newest usable one is among them; not while one waits for its"
        " parent.",
    )


def _running_due(promql: Promql) -> Recording:
    return combined(
        promql,
        ("bycloud:backup_running:due_timestamp", "When the oldest running backup has to end."),
        "backup_running_oldest_timestamp_seconds",
        "+",
        "backup_objective_duration_seconds",
    )


def combined(promql: Promql, record: tuple[str, str], left: str, operator: str, right: str) -> Recording:
    """Return a fact that is the sum or the difference of two gauges.

    :param record: its name and its note.
    """
    name, note = record

    def both(window: str = "") -> str:
        values = (promql.by_database(PREFIX + metric, window=window) for metric in (left, right))
        return f" {operator} ".join(values)

    return _fact(promql, name, promql.current(both(), both(BRIDGE)), note)


def _seen(promql: Promql) -> Recording:
    record = "bycloud:backup_seen:timestamp"
    any_status = promql.by_database(PREFIX + "backups", 'instance_id!="unknown"', BRIDGE)
    running = _recent(promql, "backup_running_oldest_timestamp_seconds")
    restorable, failed, broken = (
        promql.database_value(f"bycloud:{fact}")
        for fact in ("restorable:backups", "last_attempt:failed", "unrestorable:backups")
    )
    kept = promql.recorded(record)
    return Recording(
        name=record,
        expression=f"time() + 0 * ({restorable} > 0 or {failed} or {broken})\n"
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


def _trouble(promql: Promql) -> Recording:
    return Recording(
        name="bycloud:database:trouble",
        expression=f"max by ({promql.settings.database}) (\n"
        "  time() - bycloud:restorable_newest:timestamp > bycloud:objective_age:seconds\n"
        "  or bycloud:objective_unmet:since_timestamp or bycloud:backup_seen:timestamp unless bycloud:restorable:backups > 0\n"
        "  or bycloud:last_attempt:failed == 1 or bycloud:unrestorable:backups > 0\n"
        "  or time() - bycloud:backup_running:due_timestamp > 0)",
        note="Databases on which an alert of this group may fire or be pending: they keep their name.",
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
        expression=f"max by ({database}, instance_name) (0 * bycloud:database:name and on ({database}) bycloud:database:trouble)\n"
        f"+ on ({database}) group_left (team) max by ({database}, team) (0 * bycloud:database:team)",
        note="0, with the one name and the one team of a database in trouble: the labels of its alerts.",
    )


def _team(promql: Promql) -> Recording:
    database, target = promql.settings.database, promql.settings.target
    label = f"label_{promql.settings.team}"
    record = "bycloud:database:team"
    renamed = f'label_replace({_one(promql, PREFIX + "labels", label)}, "team", "$1", "{label}", "(.*)")'
    return Recording(
        name=record,
        expression=f"time() + 0 * max by ({database}, team) ({renamed})\n"
        f"or on ({database}) {_last_of(promql, record, 'team', f' and on ({target}) bycloud:target:outage')}\n"
        f"or on ({database}) time() + 0 * max by ({database}) (bycloud:database:name)",
        note="A database's one team, without the label if it has none. The value is the time at which it was served.",
    )


def _one(promql: Promql, metric: str, label: str) -> str:
    """Return exactly one series for a database: of two label values, the first one."""
    database = promql.settings.database
    served = promql.metric(metric, window=BRIDGE)
    return f"topk by ({database}) (1, max by ({database}, {label}) ({served}))"


def _last_of(promql: Promql, record: str, label: str, where: str = "") -> str:
    """Return the series of a database that was served last.

    :param where: selects series, beginning with a set operator.
    """
    database = promql.settings.database
    series = f"last_over_time({record}[{MEMORY}]){where}"
    return f"topk by ({database}) (1, max by ({database}, {label}) ({series}))"
