"""PromQL about the selected databases: facts, names, teams and problems."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from dashboards.source.daily_counts import renewals
from dashboards.source.queries import BY_DATABASE, BY_TARGET, CHOSEN, UNSEEN
from dashboards.source.reading import CHARTED, INSTANT, Reading

PREFIX: Final = "bycloud_database_"
DATASTORE: Final = 'datastore_type=~"$datastore"'
SELECTED: Final = f"{CHOSEN},{DATASTORE}"
"""The matchers of the selected databases."""
TEAM: Final = "team"
"""The label of objectives by which the variable `team` selects."""
PROBLEMS: Final[Mapping[int, str]] = {
    6: "no backup",
    5: "too old",
    4: "running too long",
    3: "last attempt failed",
    2: "unrestorable",
}
"""What is wrong with a database, worst first: values of `Fleet.state` and of the variable `show`."""
RUNNING_TOO_LONG: Final = 4
OK: Final = 1.0
WAS_OK: Final = 0.5
NO_OBJECTIVE: Final = 0.0


class Fleet(Struct, frozen=True):
    """Facts of every selected database.

    :param reading: how they are read.
    :param selected: the matchers that select the databases.
    """

    reading: Reading = INSTANT
    selected: str = SELECTED

    @property
    def by(self) -> str:
        """The labels that identify a database."""
        return self.reading.by

    def fact(self, name: str, *labels: str, where: str = "") -> str:
        """Return a gauge by database, and by additional labels if given."""
        return self._largest(self.reading.series, name, *labels, where=where)

    def described(self, name: str, *labels: str, where: str = "") -> str:
        """Return 1 with labels of a gauge, of which each database has one: those that it has now."""
        found = self._largest(self.reading.labels, name, *labels, where=where)
        return f"topk by ({self.by}) (1, {found}) ^ 0"

    def ending(self, name: str) -> str:
        """Return a gauge that can end while its database stays."""
        return self._ending(self._largest(self.reading.instant, name))

    def restore_point(self, name: str) -> str:
        """Return a gauge that a database has exactly while one of its backups is restorable."""
        return self.reading.existing.format(fact=self.fact(f"restorable_{name}"), every=self.restorable)

    def _largest(self, template: str, name: str, *labels: str, where: str = "") -> str:
        selector = f"{PREFIX}{name}{{{self.selected}{where}}}"
        return f"max by ({', '.join((self.by, *labels))}) ({template.format(selector)})"

    def _ending(self, fact: str) -> str:
        joined = self.selected.removeprefix(f"{CHOSEN},")
        every = f"max by ({self.by}) ({PREFIX}restorable_backups{{{joined}}})"
        return self.reading.ending.format(fact=fact, every=every)

    def backups(self, name: str) -> str:
        """Return a gauge of the selected teams' backups by status, those without a database included."""
        labels, team = ("status", "datastore_type"), f',label_{TEAM}=~"$team"'
        every, of_teams = self.fact(name, *labels, where=team), self.fact("labels", where=team)
        return f"({every} or {self.fact(name, *labels)} and on ({self.by}) {of_teams})"

    def of_teams(self, expression: str) -> str:
        """Select the databases of the selected teams.

        A gauge without the label matches only a choice that includes the empty name, which is `All`.
        """
        chosen = f',label_{TEAM}=~"$team"'
        labelled, every = (self.fact(name, where=chosen) for name in ("labels", "restorable_backups"))
        return f"({expression} and on ({self.by}) ({labelled} or {every}))"

    @property
    def teams(self) -> str:
        """1 for each database of the selected teams, with its team if it has one."""
        chosen, label = f',label_{TEAM}=~"$team"', f"label_{TEAM}"
        labelled = self.described("labels", label, where=chosen)
        renamed = f'label_replace({labelled}, "team", "$1", "{label}", "(.*)")'
        every = self.fact("restorable_backups", where=chosen)
        return f"(max by ({self.by}, team) ({renamed}) or on ({self.by}) {every} ^ 0)"

    @property
    def restorable(self) -> str:
        """Number of restorable backups; every known database has it."""
        return self.fact("restorable_backups")

    @property
    def objective(self) -> str:
        """The maximum age, where there is one."""
        return self.ending("backup_objective_age_seconds")

    @property
    def age(self) -> str:
        """Age of the newest restorable backup, where there is one."""
        return f"clamp_min(time() - {self._newest}, 0)"

    @property
    def _newest(self) -> str:
        return self.restore_point("newest_timestamp_seconds")

    @property
    def age_or_never(self) -> str:
        """The same; for a database that should have a restorable backup and has none the time since 1970."""
        return f"({self.age} or 0 * {self.no_backup} + time())"

    @property
    def share(self) -> str:
        """Age of the newest restorable backup as a share of the objective."""
        return f"({self.age} / {self.objective})"

    @property
    def running(self) -> str:
        """For how long the oldest running backup has been running."""
        return f"clamp_min(time() - {self._running_since}, 0)"

    @property
    def _running_since(self) -> str:
        return self.ending("backup_running_oldest_timestamp_seconds")

    @property
    def broken(self) -> str:
        """Number of usable backups with a broken chain, other than those that wait for their parent."""
        return self._ending(self._broken)

    @property
    def _broken(self) -> str:
        where = ',reason!="parent_running"'
        counted = self._largest(self.reading.instant, "unrestorable_backups", "reason", where=where)
        return f"sum by ({self.by}) ({counted})"

    @property
    def window(self) -> str:
        """How far back a database can be restored."""
        return f"clamp_min(time() - {self.restore_point('oldest_timestamp_seconds')}, 0)"

    @property
    def one(self) -> str:
        """1 for every known database."""
        return f"({self.restorable} ^ 0)"

    @property
    def no_backup(self) -> str:
        """Databases with an objective and without a restorable backup."""
        return f"({self.restorable} == 0 and {self.objective})"

    @property
    def too_old(self) -> str:
        """Databases whose newest restorable backup is older than their objective allows."""
        return f"(time() - {self._newest} > {self.objective})"

    @property
    def running_too_long(self) -> str:
        """Databases with a backup that has been running for longer than their objective allows."""
        return f"(time() - {self._running_since} > {self.ending('backup_objective_duration_seconds')})"

    @property
    def attempt(self) -> str:
        """Whether the newest finished attempt failed, where there is one."""
        return self.ending("backup_last_attempt_failed")

    @property
    def chain_length(self) -> str:
        """Number of backups that restoring the newest one reads."""
        return self.restore_point("newest_chain_length")

    @property
    def chain_limit(self) -> str:
        """How many it may read."""
        return self.ending("backup_objective_chain_length")

    @property
    def last_failed(self) -> str:
        """Databases with an objective whose newest finished attempt failed."""
        return f"({self.attempt} == 1 and {self.objective})"

    @property
    def unrestorable(self) -> str:
        """Databases whose newest completed backup cannot be restored, and does not wait for its parent."""
        usable = self.fact("usable_newest_timestamp_seconds")
        where = ',reason="parent_running"'
        waiting = self._largest(self.reading.instant, "unrestorable_backups", where=where)
        return f"({self._ending(f'{self._broken} unless {waiting}')} > 0 unless {usable} <= {self._newest})"

    @property
    def problems(self) -> Mapping[float, str]:
        """The databases of each problem, by its state."""
        return {
            6: self.no_backup,
            5: self.too_old,
            4: self.running_too_long,
            3: self.last_failed,
            2: self.unrestorable,
        }

    @property
    def judged(self) -> Mapping[float, str]:
        """The databases that may have each problem: only a database with an objective can miss it."""
        duration = self.ending("backup_objective_duration_seconds")
        return {
            **dict.fromkeys(self.problems, self.objective),
            RUNNING_TOO_LONG: duration,
            2: self.restorable,
        }

    def found(self, state: float) -> str:
        """Return 1 for the databases that have a problem, 0 for the others that may have it, else -1."""
        found, judged = self.problems[state], self.judged[state]
        return f"(0 * {found} + 1 or 0 * {judged} or 0 * {self.restorable} - 1)"

    @property
    def state(self) -> str:
        """The worst state of each database: one of `PROBLEMS`, or it was OK when it was read last."""
        read = f"0 * {self.objective} + {OK} - on ({BY_TARGET}) group_left () ({OK - WAS_OK} * {UNSEEN})"
        problems = (f"0 * {found} + {state:g}" for state, found in self.problems.items())
        return " or ".join((*problems, read, f"0 * {self.restorable} + {NO_OBJECTIVE:g}"))

    @property
    def shown(self) -> str:
        """The databases that have the problem of the variable `show`, or all."""
        found = " or ".join(f"0 * {found} + {state} == $show" for state, found in self.problems.items())
        return f"{found} or 0 * {self.restorable} == $show"

    @property
    def names(self) -> str:
        """1 for every known database, with its name, or its id if no name is known."""
        return (
            f"({self.described('instance_info', 'instance_name')} or on ({self.by})"
            f' label_replace({self.one}, "instance_name", "$1", "instance_id", "(.*)"))'
        )

    def ended_per_day(self, status: str) -> str:
        """Return the attempts of the day that begins now that ended with a status, by database."""
        name, day = f"{PREFIX}backup_newest_timestamp_seconds", "[1d] offset -1d"
        team, chosen = f',label_{TEAM}=~"$team"', self.selected

        def counted(matchers: str) -> str:
            attempts = renewals(f"{name}{{{matchers},{status}}}", "status")
            return f"sum by ({BY_DATABASE}) ({attempts})"

        of_teams = f"last_over_time({PREFIX}labels{{{chosen}{team}}}{day})"
        return f"({counted(chosen + team)} or {counted(chosen)} and on ({BY_DATABASE}) {of_teams})"

    @property
    def identities(self) -> str:
        """1 for every database of the selected teams, with name, team and datastore."""
        types = self.described("restorable_backups", "datastore_type")
        return (
            f"({self.names} * on ({self.by}) group_left (datastore_type) {types}"
            f" * on ({self.by}) group_left (team) {self.teams})"
        )


NOW: Final = Fleet(CHARTED)
"""What charts show: a gap while nothing is served."""
