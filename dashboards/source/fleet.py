"""PromQL about the selected databases: facts, names, teams and problems."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from dashboards.source.daily_counts import renewals
from dashboards.source.queries import (
    BY_DATABASE,
    BY_TARGET,
    CHOSEN,
    HOURLY,
    OFTEN,
    UNSEEN,
    Reader,
    known,
    last,
    linked,
    now,
    placed,
)

PREFIX: Final = "bycloud_database_"
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

    :param read: `now`, or `known` to have the last known facts during an outage.
    :param where: further matchers, each with a comma before it.
    """

    read: Reader = now
    where: str = ""

    def fact(self, name: str, *labels: str, where: str = "", grid: str = HOURLY) -> str:
        """Return a gauge by database, and by additional labels if given."""
        chosen = f',datastore_type=~"$datastore"{self.where}{where}'
        return self.read(PREFIX + name, "instance_id", *labels, where=chosen, grid=grid)

    def backups(self, name: str) -> str:
        """Return a gauge of the selected teams' backups by status, those without a database included."""
        labels, team = ("status", "datastore_type"), f',label_{TEAM}=~"$team"'
        every, of_teams = self.fact(name, *labels, where=team), self.fact("labels", where=team)
        return f"({every} or {self.fact(name, *labels)} and on ({BY_DATABASE}) {of_teams})"

    def of_teams(self, expression: str) -> str:
        """Select the databases of the selected teams.

        A gauge without the label matches only a choice that includes the empty name, which is `All`.
        """
        chosen = f',label_{TEAM}=~"$team"'
        labelled, every = (self.fact(name, where=chosen) for name in ("labels", "restorable_backups"))
        return f"({expression} and on ({BY_DATABASE}) ({labelled} or {every}))"

    @property
    def teams(self) -> str:
        """Each database of the selected teams, with its team if it has one."""
        chosen, label = f',label_{TEAM}=~"$team"', f"label_{TEAM}"
        labelled = f"topk by ({BY_DATABASE}) (1, {self.fact('labels', label, where=chosen)})"
        renamed = f'label_replace({labelled}, "team", "$1", "{label}", "(.*)")'
        return (
            f"(max by ({BY_DATABASE}, team) ({renamed})"
            f" or on ({BY_DATABASE}) {self.fact('restorable_backups', where=chosen)})"
        )

    @property
    def restorable(self) -> str:
        """Number of restorable backups; every known database has it."""
        return self.fact("restorable_backups")

    @property
    def objective(self) -> str:
        """The maximum age, where there is one."""
        return self.fact("backup_objective_age_seconds")

    @property
    def age(self) -> str:
        """Age of the newest restorable backup, where there is one."""
        return f"clamp_min(time() - {self.fact('restorable_newest_timestamp_seconds')}, 0)"

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
        since = self.fact("backup_running_oldest_timestamp_seconds", grid=OFTEN)
        return f"clamp_min(time() - {since}, 0)"

    @property
    def broken(self) -> str:
        """Number of usable backups with a broken chain, other than those that wait for their parent."""
        counted = self.fact("unrestorable_backups", "reason", where=',reason!="parent_running"', grid=OFTEN)
        return f"sum by ({BY_DATABASE}) ({counted})"

    @property
    def window(self) -> str:
        """How far back a database can be restored."""
        return f"clamp_min(time() - {self.fact('restorable_oldest_timestamp_seconds')}, 0)"

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
        return f"({self.age} > {self.objective})"

    @property
    def running_too_long(self) -> str:
        """Databases with a backup that has been running for longer than their objective allows."""
        return f"({self.running} > {self.fact('backup_objective_duration_seconds')})"

    @property
    def last_failed(self) -> str:
        """Databases with an objective whose newest finished attempt failed."""
        return f"({self.fact('backup_last_attempt_failed')} == 1 and {self.objective})"

    @property
    def unrestorable(self) -> str:
        """Databases whose newest completed backup cannot be restored, because its chain is broken."""
        usable = self.fact("usable_newest_timestamp_seconds")
        restorable = self.fact("restorable_newest_timestamp_seconds")
        return f"({self.broken} > 0 unless {usable} <= {restorable})"

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
        duration = self.fact("backup_objective_duration_seconds")
        return {
            **dict.fromkeys(self.problems, self.objective),
            RUNNING_TOO_LONG: duration,
            2: self.restorable,
        }

    @property
    def state(self) -> str:
        """The worst state of each database: one of `PROBLEMS`, or it was OK when it was read last."""
        rest = {
            OK: f"({self.objective} unless on ({BY_TARGET}) {UNSEEN})",
            WAS_OK: self.objective,
            NO_OBJECTIVE: self.restorable,
        }
        return " or ".join(f"0 * {found} + {state:g}" for state, found in {**self.problems, **rest}.items())

    @property
    def shown(self) -> str:
        """The databases that have the problem of the variable `show`, or all."""
        found = " or ".join(f"0 * {found} + {state} == $show" for state, found in self.problems.items())
        return f"{found} or 0 * {self.restorable} == $show"

    @property
    def names(self) -> str:
        """1 for every known database, with its name, or its id if no name is known."""
        info = self.fact("instance_info", "instance_name")
        return (
            f"(topk by ({BY_DATABASE}) (1, {info}) or on ({BY_DATABASE})"
            f' label_replace({self.one}, "instance_name", "$1", "instance_id", "(.*)"))'
        )

    def named(self, expression: str) -> str:
        """Add the name of each database to an expression by database."""
        return f"{expression} * on ({BY_DATABASE}) group_left (instance_name) {self.names}"

    def failed_per_day(self, status: str) -> str:
        """Return the attempts of the day that begins now that ended with a status, by database."""
        name, day = f"{PREFIX}backup_newest_timestamp_seconds", "[1d] offset -1d"
        team, chosen = f',label_{TEAM}=~"$team"', f'{CHOSEN},datastore_type=~"$datastore"{self.where}'

        def counted(matchers: str) -> str:
            attempts = renewals(f"{name}{{{matchers},{status}}}", "status")
            return f"sum by ({BY_DATABASE}) ({attempts})"

        of_teams = f"last_over_time({PREFIX}labels{{{chosen}{team}}}{day})"
        return f"({counted(chosen + team)} or {counted(chosen)} and on ({BY_DATABASE}) {of_teams})"

    @property
    def identities(self) -> str:
        """1 for every database of the selected teams, with name, team, datastore, and what `linked` adds."""
        types = f"topk by ({BY_DATABASE}) (1, {self.fact('restorable_backups', 'datastore_type')} ^ 0)"
        joined = (
            f"({self.names} * on ({BY_DATABASE}) group_left (datastore_type) {types}"
            f" * on ({BY_DATABASE}) group_left (team) ({self.teams} ^ 0))"
        )
        return linked(placed(joined))

    @property
    def read_at(self) -> str:
        """When the API listed each database last, in milliseconds."""
        success = last("bycloud_last_success_timestamp_seconds")
        return f"1000 * ({self.one} * on ({BY_TARGET}) group_left () {success})"


KNOWN: Final = Fleet(known)
NOW: Final = Fleet(now)


def firing(database: str = "") -> str:
    """Return the firing alerts of the selected teams and of all targets, which have no team.

    The value is when their condition began.

    :param database: further matchers, each with a comma before it.
    """
    of_team, of_target = 'team=~"$team"', 'team="",instance_id=""'
    return f"({_firing(of_team + database)} or {_firing(of_target + database)})"


def _firing(where: str) -> str:
    chosen = f'alertname=~"ByCloud.+",{CHOSEN},{where}'
    started = f"ALERTS_FOR_STATE{{{chosen}}}"
    return f'({started} and ignoring (alertstate) ALERTS{{alertstate="firing",{chosen}}})'
