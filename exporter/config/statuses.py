"""What each status of a backup means."""

from functools import cached_property

from msgspec import Struct


class Statuses(Struct, frozen=True, dict=True, forbid_unknown_fields=True):
    """The statuses of each class. Finished attempts and all known statuses are computed once.

    The vendor documents no list. The defaults extend that of OpenStack Trove, whose API it resembles:
    https://opendev.org/openstack/trove/src/branch/master/trove/backup/state.py

    :param usable: the backup is complete.
    :param running: the backup is being made.
    :param failed: the attempt ended without a backup.
    :param other: any other status that is known; a status in no class is counted as unknown.
    """

    usable: frozenset[str] = frozenset({"COMPLETED", "RESTORED"})
    running: frozenset[str] = frozenset({"NEW", "BUILDING", "SAVING"})
    failed: frozenset[str] = frozenset({"FAILED"})
    other: frozenset[str] = frozenset({"DELETE_FAILED", "DELETING", "DELETED"})

    @cached_property
    def finished(self) -> frozenset[str]:
        """The statuses of an attempt that has ended, with or without a usable backup."""
        return self.usable | self.failed

    @cached_property
    def known(self) -> frozenset[str]:
        """The statuses of all classes."""
        return self.finished | self.running | self.other
