"""What is required of a database's backups."""

from fnmatch import fnmatchcase

from msgspec import Struct

from exporter.config.duration import NEVER, MaxDuration, PositiveDuration
from exporter.config.labels import Labels
from exporter.config.number import Count
from exporter.validation import Text


class Match(Struct, frozen=True, forbid_unknown_fields=True):
    """The databases that an objective applies to: all of its shell patterns must match.

    :param instance_id: a pattern for the database's id.
    :param instance_name: a pattern for its name; it never matches a database without a known name.
    :param datastore_type: a pattern such as `redis`.
    """

    instance_id: Text | None = None
    instance_name: Text | None = None
    datastore_type: Text | None = None

    def covers(self, instance_id: str, instance_name: str | None, datastore_type: str) -> bool:
        """Whether a database matches; a pattern for names never matches a database without a name."""
        pairs = (
            (self.instance_id, instance_id),
            (self.instance_name, instance_name),
            (self.datastore_type, datastore_type),
        )
        return all(
            value is not None and fnmatchcase(value, pattern)
            for pattern, value in pairs
            if pattern is not None
        )


class Objective(Struct, frozen=True, forbid_unknown_fields=True):
    """What is required of the backups of the databases that match.

    :param match: the databases; without it, all of them.
    :param max_age: how old the newest restorable backup may be. Without it, no alert fires on failed or
        missing backups, which `explain` and the pages still show.
    :param max_duration: how long a backup may run.
    :param min_retention: how far back the restorable backups must reach; without it, no
        matter how far.
    :param max_gap: how far apart two neighbouring restorable backups may be.
    :param max_full_age: how old the newest restorable full backup may be.
    :param max_chain: how many backups the restore of the newest one may read; without
        it, any number.
    :param labels: such as the team that owns the databases, for `bycloud_database_labels`; at most 8 names in
        all objectives together.
    """

    match: Match = Match()
    max_age: MaxDuration = NEVER
    max_duration: MaxDuration = NEVER
    min_retention: PositiveDuration | None = None
    max_gap: MaxDuration = NEVER
    max_full_age: MaxDuration = NEVER
    max_chain: Count | None = None
    labels: Labels = Labels()
