"""The chain of a database's newest usable backup, link by link."""

from msgspec import Struct


class ChainLink(Struct, frozen=True):
    """One backup of a chain.

    :param name: `None` if the API gives it none, or if the name is not kept.
    :param status: `None` if the list holds no backup of this id.
    :param created_at: Unix seconds; `None` if the list holds no backup of this id.
    """

    id: str
    name: str | None = None
    status: str | None = None
    created_at: float | None = None


class BrokenChain(Struct, frozen=True):
    """What breaks a chain.

    :param reason: a value of `bycloud_database_unrestorable_backups`' label `reason`.
    :param culprit: the first broken link, seen from the newest backup.
    :param dependants: how many usable backups of the list cannot be restored because of it.
    """

    reason: str
    culprit: ChainLink
    dependants: int


class NewestChain(Struct, frozen=True):
    """The chain of a database's newest usable backup.

    :param links: from the newest backup towards its full backup; a long chain is cut.
    :param omitted: how many links follow, down to the full backup or the culprit.
    :param broken: `None` if the newest usable backup can be restored.
    """

    links: tuple[ChainLink, ...]
    omitted: int = 0
    broken: BrokenChain | None = None
