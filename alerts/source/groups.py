"""All groups of rules, in their order."""

from alerts.source.compliance import compliance, met_records
from alerts.source.database_alerts import database_alerts
from alerts.source.database_records import database_records
from alerts.source.promql import Promql
from alerts.source.settings import Settings
from alerts.source.table import Alert, Group, Recording
from alerts.source.target_alerts import target_alerts
from alerts.source.target_records import target_records
from alerts.source.trends import trends


def groups(settings: Settings) -> tuple[Group, ...]:
    """Return the groups with an operator's settings."""
    promql = Promql(settings)
    every_minute: tuple[Recording | Alert, ...] = (
        *target_records(promql),
        *target_alerts(promql),
        *database_records(promql),
        *database_alerts(promql),
    )
    return (
        Group(name="bycloud-backups", rules=every_minute),
        Group(name="bycloud-backup-trends", rules=(*trends(promql), *met_records(promql)), interval="10m"),
        Group(name="bycloud-backup-compliance", rules=compliance(promql), interval="1h"),
    )


def alerts(settings: Settings) -> tuple[Alert, ...]:
    """Return every alert, those of databases first."""
    found = [rule for group in groups(settings) for rule in group.rules if isinstance(rule, Alert)]
    return tuple(sorted(found, key=lambda alert: not alert.is_of_database))
