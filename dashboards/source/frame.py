"""What the dashboards have around their panels: variables, annotations, links to each other."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard
from msgspec import Struct

from dashboards.source.panels import SOURCE
from dashboards.source.queries import PREFIX

OVERVIEW: Final = "bycloud-backups-overview"
INSTANCE: Final = "bycloud-backups-instance"
SERVED: Final = '{__name__=~"bycloud_up|bycloud_exporter_build_info"'
"""Both: with several targets the exporter's own metrics have a job of their own."""


class About(Struct, frozen=True):
    """What a dashboard is, and where it links to."""

    uid: str
    title: str
    description: str
    other: tuple[str, str]
    """The other dashboard's uid and what the link says."""


def frame(about: About) -> builders.Dashboard:
    """Return a dashboard without panels."""
    uid, words = about.other
    return (
        builders.Dashboard(about.title)
        .uid(about.uid)
        .description(about.description)
        .tags(["bycloud", "backups"])
        .timezone("browser")
        .time("now-7d", "now")
        .refresh("1m")
        .editable()
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(
            builders.DashboardLink(words)
            .type(dashboard.DashboardLinkType.LINK)
            .url(f"/d/{uid}")
            .icon("dashboard")
            .include_vars(include_vars=True)
            .keep_time(keep_time=True)
            .placement(None)  # type: ignore[arg-type] # else it lands in a menu
        )
        .with_variable(builders.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_several("job", "Job", f"label_values({SERVED}}}, job)", ".+"))
        .with_variable(
            _several("instance", "Instance", f'label_values({SERVED},job=~"$job"}}, instance)', ".+")
        )
        .with_variable(
            _several(
                "target",
                "Target",
                'label_values(bycloud_up{job=~"$job",instance=~"$instance"}, target)',
                ".*",
            )
        )
    )


def database_variable() -> builders.QueryVariable:
    """Return the variable that selects one database, by name if it is known."""
    where = '{job=~"$job",instance=~"$instance",target=~"$target"}'
    query = (
        f"query_result({PREFIX}instance_info{where}"
        f" or on (job, target, instance_id) {PREFIX}restorable_backups{where})"
    )
    return (
        builders.QueryVariable("database")
        .label("Database")
        .datasource(SOURCE)
        .query({"query": query, "refId": "database"})
        .regex('/instance_id="(?<value>[^"]+)"(?:.*instance_name="(?<text>[^"]+)")?/')
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
    )


def alerts(where: str = "") -> builders.AnnotationQuery:
    """Return the annotations of firing alerts."""
    query = f'ALERTS{{alertname=~"ByCloud.+",alertstate="firing",job=~"$job"{where}}}'
    return (
        builders.AnnotationQuery()
        .name("Alerts")
        .datasource(SOURCE)
        .enable(enable=True)
        .icon_color("red")
        .expr(query)
        .title_format("{{alertname}}")
        .text_format("{{instance_id}} {{target}}")
        .step("60s")
    )


def _several(name: str, label: str, query: str, every: str) -> builders.QueryVariable:
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"query": query, "refId": name})
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(every)
        .current(dashboard.VariableOption(selected=True, text=["All"], value=["$__all"]))
    )
