"""Expressions that several rules share."""

from typing import Final

from msgspec import Struct

from alerts.source.settings import Settings

BRIDGE: Final = "11m"
"""Holds the last scrape where scrapes are ten minutes apart."""
TWO_SCRAPES: Final = "21m"
"""Holds the last two."""
MEMORY: Final = "2h"
"""How long Prometheus may be away before it forgets the facts of databases."""
LONG_MEMORY: Final = "1d"
"""The same for facts of targets, and in groups that are evaluated every ten minutes."""


class Promql(Struct, frozen=True):
    """Writes expressions with the labels and the selector of the settings."""

    settings: Settings

    def metric(self, name: str, matchers: str = "", window: str = "") -> str:
        """Return a selector of an exporter's metric; with a window, its last value in it."""
        chosen = ",".join(filter(None, (matchers, self.settings.selector)))
        selector = f"{name}{{{chosen}}}" if chosen else name
        return f"last_over_time({selector}[{window}])" if window else selector

    def by_target(self, name: str, matchers: str = "", window: str = "") -> str:
        """Return a target's value, the largest of its replicas."""
        return f"max by ({self.settings.target}) ({self.metric(name, matchers, window)})"

    def by_database(self, name: str, matchers: str = "", window: str = "") -> str:
        """Return a database's value, the largest of its replicas."""
        return f"max by ({self.settings.database}) ({self.metric(name, matchers, window)})"

    def recorded(self, record: str, window: str = MEMORY) -> str:
        """Return a database's last recorded value, but not NaN."""
        return f"max by ({self.settings.database}) (last_over_time({record}[{window}]) > -Inf)"

    def remembered(self, record: str) -> str:
        """Return a target's last recorded value, but not NaN."""
        return f"max by ({self.settings.target}) (last_over_time({record}[{LONG_MEMORY}]) > -Inf)"

    def fact(self, record: str, served: str) -> str:
        """Return the expression of a fact: served, kept in an outage, or ended.

        :param served: the last values, by database.
        """
        memory = f"max by ({self.settings.target}) (last_over_time(bycloud:target:memory[{BRIDGE}]))"
        return f"{served}\nor {self.recorded(record)} * on ({self.settings.target}) group_left () {memory}"

    def current(self, now: str, recent: str) -> str:
        """Return what has not ended: a series that a walk no longer has does not count.

        :param now: instant selectors, by database.
        :param recent: the same with the last values of `BRIDGE`, for scrapes that no instant selector sees.
        """
        visible = f"last_over_time(bycloud:target:visible[{BRIDGE}])"
        return f"{now}\nor {recent} unless on ({self.settings.target}) {visible}"

    def current_metric(self, name: str) -> str:
        """Return the current values of one metric, by database."""
        return self.current(self.by_database(name), self.by_database(name, window=BRIDGE))

    def target_value(self, record: str) -> str:
        """Return a target's recorded value, but not NaN.

        A ruler that stores its results elsewhere reads them back with labels of its own: in a recording rule, they
        must not meet series without these.
        """
        return f"max by ({self.settings.target}) ({record} > -Inf)"

    def database_value(self, record: str) -> str:
        """Return a database's recorded value, but not NaN."""
        return f"max by ({self.settings.database}) ({record} > -Inf)"


def with_labels(sentence: str) -> str:
    """Return a database's alert with its team and its name.

    An annotation could query the name, but Prometheus expands it at each evaluation of each active alert.
    """
    labels = "(team, instance_name)"
    return f"({sentence})\n+ ignoring {labels} group_left {labels} bycloud:database:labels"


def with_team(sentence: str, team: str) -> str:
    """Return a database's alert with its team.

    :param team: has exactly one series for each database; with two, the whole rule would fail.
    """
    return f"({sentence})\n+ ignoring (team) group_left (team) 0 * {team}"
