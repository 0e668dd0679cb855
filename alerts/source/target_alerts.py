"""Alerts on exporters and their walks of the API."""

from typing import Final

from alerts.source.promql import BRIDGE, TWO_SCRAPES, Promql
from alerts.source.table import Alert
from alerts.source.target_records import REPLICA
from alerts.source.wording import DURATION, REASONS, TARGET, TODAY

ACT_NOW: Final = "Act now: backups are not monitored, and other alerts are blind."


def target_alerts(promql: Promql) -> tuple[Alert, ...]:
    """Return them in the order of their urgency."""
    return (
        _exporter_down(promql),
        _auth_failed(promql),
        _stale(promql),
        *_inventory_empty(promql),
        _failing(promql),
        _rate_limited(promql),
        _incomplete(promql),
        _status_unknown(promql),
        _instances_stale(promql),
        _replicas_disagree(promql),
        _quota(promql),
        _reload_failed(promql),
        _credential_expiring(promql),
    )


def _meets_now(promql: Promql, metric: str, condition: str, matchers: str = "") -> str:
    """Return targets that meet a condition now, or by their last scrapes if none is visible."""
    now, before = (promql.by_target(metric, matchers, window) for window in ("", TWO_SCRAPES))
    up = promql.metric("bycloud_up")
    return f"{now} {condition}\nor {before} {condition} unless on ({promql.settings.target}) {up}"


def _exporter_down(promql: Promql) -> Alert:
    settings = promql.settings
    up = f"max by ({settings.target}) (avg_over_time({promql.metric('up')}[20m]))"
    gone, quickly = (promql.metric("bycloud_up", window=window) for window in (TWO_SCRAPES, "10m"))
    return Alert(
        name="ByCloudExporterDown",
        expression=f"bycloud:exporter:scrapes > 0 and on ({settings.target}) {up} < 0.5\n"
        f"or bycloud:exporter:scrapes > 0 unless on ({settings.site}) {gone}\n"
        f"or max_over_time(bycloud:exporter:scrapes[15m]) > 3"
        f" unless on ({settings.site}) {quickly}",
        severity="critical",
        keep="5m",
        summary=f"The backup exporter is down ({TARGET})",
        description=f"Prometheus gets no bycloud_up from {TARGET}: its backups are not monitored.",
        meaning="most scrapes of 20m failed, or a place that had an exporter has had none for 10m",
        urgency=ACT_NOW,
    )


def _auth_failed(promql: Promql) -> Alert:
    return Alert(
        name="ByCloudApiAuthFailed",
        expression=_meets_now(promql, "bycloud_scrape_failure", "== 1", 'reason=~"auth|forbidden"'),
        severity="critical",
        wait="5m",
        summary=f"The API refuses the exporter's credential ({TARGET})",
        description=f"The API responds to {TARGET} with 401 or 403: the key or token is wrong, expired or lacks"
        " permission.",
        meaning="the API refuses the credential",
        urgency=ACT_NOW,
    )


def _stale(promql: Promql) -> Alert:
    settings = promql.settings
    return Alert(
        name="ByCloudScrapeStale",
        expression=f"time() - bycloud:walk:advanced_timestamp > {settings.stale_seconds} + bycloud:walk_interval:seconds\n"
        f"and on ({settings.target}) {promql.metric('bycloud_up', window=TWO_SCRAPES)}",
        severity="critical",
        summary=f"The list of backups has not been read for {DURATION} ({TARGET})",
        description=f"No walk of the API for {TARGET} has completed for {DURATION}. What the metrics say is out of"
        " date, so other alerts may be silent.",
        meaning="no walk has completed for 1h more than the interval of walks, or none ever has",
        urgency=ACT_NOW,
    )


def _inventory_empty(promql: Promql) -> tuple[Alert, Alert]:
    listed = promql.by_target("bycloud_scrape_backups", window=BRIDGE)
    on = f"on ({promql.settings.target})"
    empty = f"{listed} == 0 and {on} bycloud:target:complete"
    lost = Alert(
        name="ByCloudBackupInventoryEmpty",
        expression=f"{empty}\nand {on} bycloud:inventory:filled_timestamp",
        severity="critical",
        wait="30m",
        summary=f"The API lists no backups ({TARGET})",
        description=f"Walks of the API for {TARGET} succeed, but the list of backups is empty. It was not before.",
        meaning="the API responds, but its list of backups is empty although it was not",
        urgency=ACT_NOW,
    )
    new = Alert(
        name="ByCloudBackupInventoryEmpty",
        expression=f"{empty}\nunless {on} bycloud:inventory:filled_timestamp",
        severity="info",
        wait="30m",
        summary=f"The API lists no backups yet ({TARGET})",
        description=f"Walks of the API for {TARGET} succeed, but the list of backups has been empty from the start.",
        meaning="the API's list of backups is empty, and has been since the exporter was first seen",
        urgency="Nobody is notified. If the account has databases, check that the credential belongs to it.",
    )
    return lost, new


def _failing(promql: Promql) -> Alert:
    return Alert(
        name="ByCloudScrapeFailing",
        expression=_meets_now(promql, "bycloud_up", "== 0"),
        severity="warning",
        wait="15m",
        summary=f"The list of backups cannot be read ({TARGET})",
        description=f"Walks of the API fail for all replicas of {TARGET}.{REASONS}",
        meaning="the walks of all replicas fail",
        urgency=TODAY,
    )


def _rate_limited(promql: Promql) -> Alert:
    deferred = promql.metric("bycloud_scrape_deferred")
    refused = promql.metric("bycloud_scrape_failure", 'reason="rate_limited"')
    settings = promql.settings
    return Alert(
        name="ByCloudApiRateLimited",
        expression=f"time() - bycloud:walk:advanced_timestamp > {settings.limited_seconds}"
        " + bycloud:walk_interval:seconds\n"
        f"and on ({settings.target}) (\n"
        f"  max_over_time({deferred}[{BRIDGE}]) == 1 or max_over_time({refused}[{BRIDGE}]) == 1\n"
        ")",
        severity="warning",
        summary=f"The API's rate limits keep walks from completing ({TARGET})",
        description=f"No walk for {TARGET} has completed for {DURATION}, because the API's rate limits allowed none.",
        meaning="the API's rate limits have kept walks from completing for 30m more than their interval",
        urgency=TODAY,
    )


def _incomplete(promql: Promql) -> Alert:
    reported = promql.by_target("bycloud_scrape_reported_backups", window=BRIDGE)
    read = promql.by_target("bycloud_scrape_backups", window=BRIDGE)
    malformed = promql.by_target("bycloud_scrape_malformed_backups", window=BRIDGE)
    return Alert(
        name="ByCloudScrapeIncomplete",
        expression=f"{reported}\n  - {read} > 0\nor {malformed} > 0",
        severity="warning",
        wait="1h",
        summary=f"{{{{ $value }}}} backups could not be read ({TARGET})",
        description=f"Walks of the API for {TARGET} are complete, but {{{{ $value }}}} records are malformed or missing"
        " from the list: their databases may look worse or better than they are.",
        meaning="records are malformed, or the API lists fewer backups than it reports",
        urgency=TODAY,
    )


def _status_unknown(promql: Promql) -> Alert:
    unknown = promql.by_target("bycloud_scrape_unknown_status_backups", window=BRIDGE)
    return Alert(
        name="ByCloudBackupStatusUnknown",
        expression=f"{unknown} > 0",
        severity="warning",
        wait="15m",
        summary=f"{{{{ $value }}}} backups have an unknown status ({TARGET})",
        description=f"{{{{ $value }}}} backups of {TARGET} have a status in no class of the setting `statuses`: they do"
        " not count as usable, running or failed, so the verdicts on their databases may be wrong.",
        meaning="backups have a status in no class of the setting `statuses`",
        urgency=TODAY,
    )


def _instances_stale(promql: Promql) -> Alert:
    return Alert(
        name="ByCloudInstancesStale",
        expression=_meets_now(promql, "bycloud_scrape_collector_success", "== 0", 'collector="instances"'),
        severity="warning",
        wait="1h",
        summary=f"The list of database instances cannot be read ({TARGET})",
        description=f"Walks of the instances of {TARGET} fail. A new database without backups stays unnoticed, and a"
        " deleted one keeps its objective.",
        meaning="the list of instances cannot be read",
        urgency=TODAY,
    )


def _replicas_disagree(promql: Promql) -> Alert:
    target = promql.settings.target
    return Alert(
        name="ByCloudReplicasDisagree",
        expression=f"max by ({target}) ({REPLICA}) - min by ({target}) ({REPLICA}) > 0\n"
        f"unless on ({target}) bycloud:walk_interval:seconds > 1800",
        severity="warning",
        wait="1h",
        summary=f"Replicas of the exporter know different databases ({TARGET})",
        description=f"The replicas of {TARGET} differ by {{{{ $value }}}} databases. They read different accounts, or have"
        " different configurations: one job and target must be one account.",
        meaning="replicas of one job and target know different databases",
        urgency=TODAY,
    )


def _quota(promql: Promql) -> Alert:
    stored = promql.by_target("bycloud_scrape_stored_backups", window=BRIDGE)
    allowed = promql.by_target("bycloud_scrape_objective_backups", window=BRIDGE)
    return Alert(
        name="ByCloudBackupQuota",
        expression=f"{stored}\n  / {allowed} > {promql.settings.quota_ratio:g}",
        severity="warning",
        wait="15m",
        summary=f"{{{{ humanizePercentage $value }}}} of the allowed backups exist ({TARGET})",
        description=f"{TARGET} uses {{{{ humanizePercentage $value }}}} of `max_backups`. At the API's own limit, new backups"
        " are refused.",
        meaning="the account uses 90 % of the target's `max_backups`",
        urgency=TODAY,
    )


def _reload_failed(promql: Promql) -> Alert:
    names = (
        "bycloud_exporter_config_last_reload_successful",
        "bycloud_exporter_web_config_last_reload_successful",
    )
    own, web = (
        f"min by ({promql.settings.target}) ({promql.metric(name, window=BRIDGE)}) == 0" for name in names
    )
    return Alert(
        name="ByCloudConfigReloadFailed",
        expression=f"{own}\nor {web}",
        severity="warning",
        wait="10m",
        summary=f"A changed configuration is not in use ({TARGET})",
        description=f"The last reload of the configuration, or of the web configuration, failed at {TARGET}. The previous"
        " one stays in use until the exporter restarts; then it does not start.",
        meaning="the configuration, or the web configuration, could not be reloaded",
        urgency=TODAY,
    )


def _credential_expiring(promql: Promql) -> Alert:
    name = "bycloud_api_credential_expiry_timestamp_seconds"
    expiry = promql.by_target(name, window=TWO_SCRAPES)
    settings = promql.settings
    yesterday = f"max by ({settings.target}) (last_over_time({promql.metric(name)}[{TWO_SCRAPES}] offset 1d))"
    return Alert(
        name="ByCloudCredentialExpiring",
        expression=f"{expiry} - time() < {settings.credential_seconds}\nand {expiry} == {yesterday}",
        severity="warning",
        summary=f"The API credential expires in {DURATION} ({TARGET})",
        description=f"The token of {TARGET} expires in {DURATION}, and has not been renewed for a day.",
        meaning="the credential expires within 14d, and has not been renewed for a day",
        urgency="Act before it expires.",
    )
