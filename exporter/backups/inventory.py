"""The database instances of the configuration and of the API's list."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from exporter.config import ExpectedInstance
from exporter.records import Instance


class KnownInstance(Struct, frozen=True):
    """What is known of one instance apart from its backups.

    :param expected: its entry in the configuration; `None` if it has none.
    :param listed: its entry in the API's list; `None` if it has none, or if there is no complete list.
    :param last_name: the name that the API's list gave it last, also if it has none now; `None`: never.
    :param is_retired: the instance is neither configured nor in a complete list. Only its backups are left.
    """

    id: str
    expected: ExpectedInstance | None
    listed: Instance | None
    is_retired: bool
    last_name: str | None = None

    @property
    def pattern_name(self) -> str | None:
        """The name that patterns of the configuration match: the last one that is known."""
        return self.name or self.last_name

    @property
    def name(self) -> str | None:
        """The configured name, or else the listed one."""
        configured = self.expected.name if self.expected else None
        return configured or (self.listed.name if self.listed else None) or None

    @property
    def datastore_type(self) -> str | None:
        """The listed type, or else the configured one."""
        if self.listed and self.listed.datastore and self.listed.datastore.type:
            return self.listed.datastore.type
        return self.expected.datastore_type if self.expected else None

    @property
    def datastore_version(self) -> str | None:
        """The listed version."""
        return (self.listed.datastore.version or None) if self.listed and self.listed.datastore else None

    @property
    def replica_of(self) -> str | None:
        """The id of the instance that this one replicates."""
        return (self.listed.replica_of.id or None) if self.listed and self.listed.replica_of else None

    @property
    def has_objective(self) -> bool:
        """Whether objectives apply: neither a retired database nor a replica needs backups."""
        return not self.is_retired and self.replica_of is None


class Inventory(Struct, frozen=True):
    """The instances that are configured or listed, by id.

    :param listed: `None` if there is no complete list. No instance is retired then.
    :param last_names: the last known names, of deleted instances too.
    """

    expected: Mapping[str, ExpectedInstance]
    listed: Mapping[str, Instance] | None
    last_names: Mapping[str, str] = {}

    @classmethod
    def of(
        cls,
        expected: Iterable[ExpectedInstance],
        listed: Mapping[str, Instance] | None,
        last_names: Mapping[str, str] | None = None,
    ) -> "Inventory":
        """Return an inventory of instances.

        :param expected: the configured instances.
        :param listed: the API's complete list by id; `None` without one.
        :param last_names: the last known names by id.
        """
        return cls({instance.id: instance for instance in expected}, listed, last_names or {})

    @property
    def ids(self) -> frozenset[str]:
        """The id of every instance that is configured or listed."""
        return frozenset(self.expected) | frozenset(self.listed or ())

    def instance(self, instance_id: str) -> KnownInstance:
        """Return what is known about an instance, which may be missing from the inventory."""
        expected, listed = self.expected.get(instance_id), (self.listed or {}).get(instance_id)
        is_retired = self.listed is not None and expected is None and listed is None
        return KnownInstance(instance_id, expected, listed, is_retired, self.last_names.get(instance_id))

    def names_of(self, instance_ids: Iterable[str]) -> dict[str, str]:
        """Return the last known names of these instances, by id."""
        names = ((instance_id, self.instance(instance_id).pattern_name) for instance_id in instance_ids)
        return {instance_id: name for instance_id, name in names if name}
