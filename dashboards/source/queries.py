"""PromQL that the dashboards share: selectors, and each fact once, however many replicas serve it."""

from typing import Final

CHOSEN: Final = 'job=~"$job",instance=~"$instance",target=~"$target"'
"""The matchers for the dashboard's variables, which every selector has."""
DATABASE: Final = ("job", "target", "instance_id", "datastore_type")
"""The labels that name a database."""
PREFIX: Final = "bycloud_database_"


def once(name: str, *labels: str, where: str = "") -> str:
    """Return the metric by target and `labels`, so that replicas count once."""
    return f"max by ({', '.join(('job', 'target', *labels))}) ({name}{{{CHOSEN}{where}}})"


class Fleet:
    """Facts of every selected database; `where` selects further."""

    def __init__(self, where: str = "") -> None:
        self.where = where

    def fact(self, name: str, *labels: str) -> str:
        """Return a gauge of the database, with additional labels if given."""
        return once(PREFIX + name, *DATABASE[2:], *labels, where=self.where)

    def backups(self, name: str) -> str:
        """Return a gauge that has a sample for each status."""
        return once(PREFIX + name, "status", *DATABASE[2:], where=self.where)

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
        return f"(time() - {self.fact('restorable_newest_timestamp_seconds')})"

    @property
    def age_or_never(self) -> str:
        """The same; for a database without a restorable backup the time since 1970: it sorts first."""
        return f"({self.age} or ({self.restorable} == 0) + time())"

    @property
    def broken(self) -> str:
        """Number of usable backups with a broken chain, or 0."""
        counted = self.fact("unrestorable_backups", "reason")
        return f"(sum by ({', '.join(DATABASE)}) ({counted}) or 0 * {self.restorable})"

    @property
    def one(self) -> str:
        """1 for every known database."""
        return f"({self.restorable} ^ 0)"

    def summed(self, name: str) -> str:
        """Return the sum over all backups of a database, of any status and datastore."""
        key = ", ".join(DATABASE[:3])
        return f"{self.one} * on ({key}) group_left () sum by ({key}) ({self.backups(name)})"

    @property
    def unusable(self) -> str:
        """Number of backups that cannot be used: failed, unfinished or being deleted."""
        return f"{self.summed('backups')} - {self.restorable} - {self.broken}"

    @property
    def names(self) -> str:
        """1 for every known database, with its name, or its id if no name is known."""
        key = ", ".join(DATABASE)
        named = f"topk by ({key}) (1, {self.fact('instance_info', 'instance_name')})"
        return (
            f'({named} or on ({key}) label_replace({self.one}, "instance_name", "$1", "instance_id", "(.*)"))'
        )

    def named(self, expression: str) -> str:
        """Add the name of each database to an expression by database."""
        return f"{expression} * on ({', '.join(DATABASE)}) group_left (instance_name) {self.names}"
