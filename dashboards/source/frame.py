"""What the dashboards have around their panels: variables, annotations, links to each other."""

from collections.abc import Mapping
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard
from msgspec import Struct

from dashboards.source.fleet import PREFIX, TEAM
from dashboards.source.panels import SOURCE
from dashboards.source.queries import BY_DATABASE, CHOSEN, LOST_JOBS, MEMORY

OVERVIEW: Final = "bycloud-backups-overview"
INSTANCE: Final = "bycloud-backups-instance"
EXPORTER: Final = "bycloud-backups-exporter"
COMPLIANCE: Final = "bycloud-backups-compliance"
CAPACITY: Final = "bycloud-backups-capacity"
DASHBOARDS: Final[Mapping[str, str]] = {
    OVERVIEW: "All databases",
    INSTANCE: "One database",
    COMPLIANCE: "Compliance",
    CAPACITY: "Capacity",
    EXPORTER: "Exporter",
}
"""What a link to each dashboard says, by its uid."""
SERVED: Final = '__name__=~"bycloud_up|bycloud_exporter_build_info"'
"""Both: with several targets the exporter's own metrics have a job of their own."""
VARIABLES: Final = ("cluster", "namespace", "job", "target", "team", "datastore")
CHOICES: Final = "&".join(f"${{{name}:queryparam}}" for name in ("datasource", *VARIABLES))
"""The chosen values, for the URL of another dashboard."""
RANGE: Final = "${__url_time_range}"


class About(Struct, frozen=True):
    """What a dashboard is."""

    uid: str
    title: str
    description: str


def frame(about: About) -> builders.Dashboard:
    """Return a dashboard without panels, with the variables of targets."""
    made = (
        builders.Dashboard(about.title)
        .uid(about.uid)
        .description(about.description)
        .tags(["bycloud", "backups"])
        .timezone("browser")
        .time("now-7d", "now")
        .refresh("1m")
        .readonly()
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
    )
    for uid, words in DASHBOARDS.items():
        if uid != about.uid:
            made = made.link(_link(f"/d/{uid}", words))
    return _with_target_variables(made)


def _link(url: str, words: str) -> builders.DashboardLink:
    return (
        builders.DashboardLink(words)
        .type(dashboard.DashboardLinkType.LINK)
        .url(url)
        .icon("dashboard")
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
        .placement(None)  # type: ignore[arg-type] # else it lands in a menu
    )


def page_link(url: str, words: str) -> builders.DashboardLink:
    """Return a link to a page outside Grafana, which opens in a new tab."""
    return (
        builders.DashboardLink(words)
        .type(dashboard.DashboardLinkType.LINK)
        .url(url)
        .icon("external link")
        .target_blank(target_blank=True)
        .placement(None)  # type: ignore[arg-type] # else it lands in a menu
    )


def _with_target_variables(made: builders.Dashboard) -> builders.Dashboard:
    return (
        made.with_variable(builders.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(several("cluster", "Cluster", f"label_values({{{SERVED}}}, cluster)"))
        .with_variable(
            several("namespace", "Namespace", f'label_values({{{SERVED},cluster=~"$cluster"}}, namespace)')
        )
        .with_variable(
            several(
                "job",
                "Job",
                f'label_values({{{SERVED},cluster=~"$cluster",namespace=~"$namespace"}}, job)',
                ".+",
            )
        )
        .with_variable(
            several(
                "target",
                "Target",
                'label_values(bycloud_up{cluster=~"$cluster",namespace=~"$namespace",job=~"$job"}, target)',
            )
        )
    )


def with_database_variables(made: builders.Dashboard) -> builders.Dashboard:
    """Add the variables that select databases: team and datastore, and what is lost."""
    label = f"label_{TEAM}"
    teams = f"label_values({PREFIX}labels{{{CHOSEN}}}, {label})"
    datastores = f"label_values({PREFIX}restorable_backups{{{CHOSEN}}}, datastore_type)"
    return (
        made.with_variable(several("team", "Team", teams))
        .with_variable(several("datastore", "Datastore", datastores))
        .with_variable(_lost())
    )


def _lost() -> builders.QueryVariable:
    """Return the hidden variable of jobs whose last known facts are shown."""
    return (
        builders.QueryVariable("lost")
        .label("Jobs that are not read")
        .datasource(SOURCE)
        .query({"query": f"query_result({LOST_JOBS})", "refId": "lost"})
        .regex('/job="([^"]+)"/')
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(multi=True)
        .include_all(include_all=True)
        .current(dashboard.VariableOption(selected=True, text=["All"], value=["$__all"]))
        .hide(dashboard.VariableHide.HIDE_VARIABLE)
    )


def database_variable() -> builders.QueryVariable:
    """Return the variable that selects one database, by its latest name if one is known."""
    info, chosen = f"{PREFIX}instance_info", f'{CHOSEN},datastore_type=~"$datastore"'
    where = f"{{{chosen}}}[{MEMORY}]"
    query = (
        f"query_result(topk by ({BY_DATABASE}) (1, {info}{{{chosen}}})"
        f" or on ({BY_DATABASE}) topk by ({BY_DATABASE}) (1, last_over_time({info}{where}))"
        f" or on ({BY_DATABASE}) last_over_time({PREFIX}restorable_backups{where}))"
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


OF_TARGETS: Final = ',instance_id=""'
"""The matcher of alerts that concern no single database."""


def alerts(where: str = "") -> builders.AnnotationQuery:
    """Return the annotations of critical alerts that begin to fire.

    Marks of all the time in which any alert fires would cover the panels.

    :param where: further matchers, each with a comma before it.
    """
    critical = 'alertname=~"ByCloud.+",alertstate="firing",severity="critical"'
    firing = f"ALERTS{{{critical},{CHOSEN}{where}}}"
    return (
        builders.AnnotationQuery()
        .name("Alerts")
        .datasource(SOURCE)
        .enable(enable=True)
        .icon_color("red")
        .expr(f"{firing} unless {firing} offset 5m")
        .title_format("{{alertname}}")
        .text_format("{{instance_id}} {{target}}")
        .step("60s")
    )


def status_variable(name: str, text: str, statuses: str) -> builders.TextBoxVariable:
    """Return a hidden variable with statuses, for those whose configuration has others.

    :param statuses: a regular expression.
    """
    hidden = dashboard.VariableHide.HIDE_VARIABLE
    return builders.TextBoxVariable(name).label(text).default_value(statuses).hide(hidden)


FAILED: Final = status_variable("failed", "Statuses of failed backups", "FAILED")
COMPLETED: Final = status_variable("completed", "Statuses of completed backups", "COMPLETED")


def several(name: str, label: str, query: str, every: str = ".*") -> builders.QueryVariable:
    """Return a variable of which several values can be chosen, or all: `every` matches them."""
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
