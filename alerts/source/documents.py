"""The table in docs/alerts.md, from the table of alerts."""

from alerts.source.groups import alerts
from alerts.source.runbooks import BEGIN, END, label_matchers
from alerts.source.settings import Settings
from alerts.source.table import Alert


def table(runbooks: str) -> str:
    """Return the table of all alerts.

    :param runbooks: the path of the runbooks from the page with the table.
    """
    rows = "".join(_row(alert, runbooks) for alert in alerts(Settings()))
    return f"| alert | fires if | for | severity |\n| --- | --- | --- | --- |\n{rows}"


def with_part(text: str, part: str) -> str:
    """Return a page whose generated part is replaced."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}{part}{END}{rest.partition(END)[2]}"


def _row(alert: Alert, runbooks: str) -> str:
    link = f"[`{alert.name}`]({runbooks}{alert.name}.md)"
    return f"| {link}{label_matchers(alert)} | {alert.meaning} | {alert.wait} | {alert.severity} |\n"
