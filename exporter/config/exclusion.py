"""Backups and databases that the metrics leave out."""

from fnmatch import fnmatchcase

from msgspec import Struct

from exporter.errors import ConfigError
from exporter.validation import Text


class Exclusion(Struct, frozen=True, forbid_unknown_fields=True):
    """What to leave out: all of its shell patterns must match.

    With a pattern for the backup's name, it excludes backups; without one, whole databases.

    :param instance_id: a pattern for the database's id.
    :param instance_name: a pattern for its name; it never matches a database without a known name.
    :param datastore_type: a pattern such as `redis`; alone, it excludes backups without `instance_id` too.
    :param backup_name: a pattern for the backup's name, such as `Replication snapshot for *`.
    """

    instance_id: Text | None = None
    instance_name: Text | None = None
    datastore_type: Text | None = None
    backup_name: Text | None = None

    def __post_init__(self) -> None:
        if not any((self.instance_id, self.instance_name, self.datastore_type, self.backup_name)):
            allowed = "at least one of instance_id, instance_name, datastore_type, backup_name"
            raise ConfigError("an entry without a pattern would exclude everything", allowed=allowed)

    def covers_database(
        self, instance_id: str | None, instance_name: str | None, datastore_type: str
    ) -> bool:
        """Whether the patterns for databases match; the backup's name is not compared."""
        return (
            _matches(self.instance_id, instance_id)
            and _matches(self.instance_name, instance_name)
            and _matches(self.datastore_type, datastore_type)
        )

    def covers_name(self, backup_name: str | None) -> bool:
        """Whether the pattern for the backup's name matches."""
        return _matches(self.backup_name, backup_name)


def _matches(pattern: str | None, value: str | None) -> bool:
    """Whether there is no pattern, or it matches; a value that is unknown never matches a pattern."""
    return pattern is None or (value is not None and fnmatchcase(value, pattern))
