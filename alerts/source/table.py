"""The types of the table of rules."""

from typing import Literal

from msgspec import Struct

Severity = Literal["critical", "warning", "info"]


class Recording(Struct, frozen=True, kw_only=True):
    """A recording rule.

    :param note: what it records, in one sentence.
    """

    name: str
    expression: str
    note: str


class Alert(Struct, frozen=True, kw_only=True):
    """An alerting rule; two of the same name differ in a label.

    :param wait: Prometheus's `for`; empty: none.
    :param keep: Prometheus's `keep_firing_for`; empty: none.
    :param labels: labels beside the severity.
    :param summary: a template with the database's name, or the target's.
    :param description: a template without a query for the name.
    :param meaning: when it fires, for tables and runbooks, as the end of a sentence that begins with its name.
    :param urgency: when someone has to act, in one sentence.
    """

    name: str
    expression: str
    severity: Severity
    wait: str = ""
    keep: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    summary: str
    description: str
    meaning: str
    urgency: str

    @property
    def is_of_database(self) -> bool:
        """Whether it is about one database: its summary has the name. Then it links to that database's pages."""
        return "instance_name" in self.summary

    @property
    def is_of_team(self) -> bool:
        """Whether it is about all databases of a team: its summary has the team."""
        return "$labels.team" in self.summary


class Group(Struct, frozen=True, kw_only=True):
    """A group of rules, which Prometheus evaluates in their order.

    :param interval: how often; empty: as Prometheus is configured.
    """

    name: str
    rules: tuple[Recording | Alert, ...]
    interval: str = ""
