"""The database instances of the configuration and of the API's list."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from exporter.config import ExpectedInstance
from exporter.records import Instance


class KnownInstance(Struct, frozen=True):
    """What is known of one instance apart from its backups.

    :param expected: its entry in the configuration; `None` if it has none.
    :param listed: its entry in the API's list; `None` if it has none, or if there is no complete list.
    :param is_retired: the instance is neither configured nor in a complete list. Only its backups are left.
    """

    id: str
    expected: ExpectedInstance | None
    listed: Instance | None
    is_retired: bool

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
    """

    expected: Mapping[str, ExpectedInstance]
    listed: Mapping[str, Instance] | None

    @classmethod
    def of(cls, expected: Iterable[ExpectedInstance], listed: Mapping[str, Instance] | None) -> "Inventory":
        """Return an inventory of instances.

        :param expected: the configured instances.
        :param listed: the API's complete list by id; `None` without one.
        """
        return cls({instance.id: instance for instance in expected}, listed)

    @property
    def ids(self) -> frozenset[str]:
        """The id of every instance that is configured or listed."""
        return frozenset(self.expected) | frozenset(self.listed or ())

    def instance(self, instance_id: str) -> KnownInstance:
        """Return what is known about an instance, which may be missing from the inventory."""
        expected, listed = self.expected.get(instance_id), (self.listed or {}).get(instance_id)
        is_retired = self.listed is not None and expected is None and listed is None
        return KnownInstance(instance_id, expected, listed, is_retired)
