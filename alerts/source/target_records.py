"""Recording rules about exporters and their walks."""

from typing import Final

from alerts.source.promql import BRIDGE, LONG_MEMORY, TWO_SCRAPES, Promql
from alerts.source.table import Recording

REPLICA: Final = "bycloud:replica:databases"


def target_records(promql: Promql) -> tuple[Recording, ...]:
    """Return them in the order in which they depend on each other."""
    return (
        _scrapes(promql),
        Recording(
            name="bycloud:target:visible",
            expression=f"{promql.by_target('bycloud_up')} == 1",
            note="Walks succeed, by a scrape of the last five minutes: what is not served now does not exist.",
        ),
        Recording(
            name="bycloud:target:complete",
            expression=f"{promql.by_target('bycloud_up', window=BRIDGE)} == 1",
            note="The same by the last scrape, if scrapes are up to ten minutes apart.",
        ),
        Recording(
            name="bycloud:target:outage",
            expression=f"{_known(promql)} unless on ({promql.settings.target}) bycloud:target:visible\n"
            f"unless on ({promql.settings.target}) (bycloud:target:complete"
            f" unless on ({promql.settings.target}) last_over_time(bycloud:target:visible[{BRIDGE}]))",
            note="The target is known, but walks fail or nothing can be scraped. If instant selectors never see it, its"
            " last scrape counts.",
        ),
        Recording(
            name="bycloud:target:memory",
            expression=f"1 + 0 * max by ({promql.settings.target}) (bycloud:target:outage)\n"
            f"or NaN * max by ({promql.settings.target}) (last_over_time(bycloud:exporter:scrapes[{LONG_MEMORY}]))",
            note="1 in an outage, else NaN: times the last known facts of databases, it keeps them, or marks their end.",
        ),
        Recording(
            name="bycloud:walk_interval:seconds",
            expression=f"{promql.by_target('bycloud_scrape_walk_interval_seconds', window=TWO_SCRAPES)}\n"
            f"or 0 * {_known(promql)}",
            note="Time between walks, as configured or as the API's rate limits allow.",
        ),
        _advanced(promql),
        Recording(
            name="bycloud:last_success:timestamp",
            expression=_last_success(promql),
            note="When the last complete walk ended, by the exporter's clock.",
        ),
        _filled(promql),
        Recording(
            name=REPLICA,
            expression=f"count by ({promql.settings.target}, instance) ("
            f"{promql.metric('bycloud_database_restorable_backups', window=BRIDGE)})",
            note="How many databases each replica of the exporter knows.",
        ),
    )


def _scrapes(promql: Promql) -> Recording:
    present = promql.metric("bycloud_up", window=TWO_SCRAPES)
    kept = promql.remembered("bycloud:exporter:scrapes")
    settings = promql.settings
    return Recording(
        name="bycloud:exporter:scrapes",
        expression=f"max by ({settings.target}) (count_over_time({promql.metric('bycloud_up')}[{TWO_SCRAPES}]))\n"
        f"or {kept} unless on ({settings.site}) {present}\n"
        f"or {kept} and on ({settings.target}) {promql.by_target('up', window=TWO_SCRAPES)} == 0\n"
        f"or NaN * {kept}",
        note="Scrapes of a known target in 21 minutes; it is known while it serves bycloud_up, while its scrapes fail,"
        " and while no other target of its cluster and namespace is left.",
    )


def _known(promql: Promql) -> str:
    return promql.target_value("bycloud:exporter:scrapes")


def _last_success(promql: Promql) -> str:
    return promql.by_target("bycloud_last_success_timestamp_seconds", window=TWO_SCRAPES)


def _advanced(promql: Promql) -> Recording:
    before = promql.remembered("bycloud:last_success:timestamp")
    kept = promql.remembered("bycloud:walk:advanced_timestamp")
    return Recording(
        name="bycloud:walk:advanced_timestamp",
        expression=f"time() + 0 * ({_last_success(promql)} unless {before} == {_last_success(promql)})\n"
        f"or {kept} and {_known(promql)}\n"
        f"or time() + 0 * {_known(promql)}",
        note="When Prometheus noticed the last complete walk, or the target: the exporter's clock does not matter.",
    )


def _filled(promql: Promql) -> Recording:
    listed = promql.by_target("bycloud_scrape_backups", window=BRIDGE)
    kept = promql.remembered("bycloud:inventory:filled_timestamp")
    return Recording(
        name="bycloud:inventory:filled_timestamp",
        expression=f"time() + 0 * ({listed} > 0)\nor {kept} and {_known(promql)}",
        note="When the target last had a backup.",
    )
