"""The chain of a database's newest usable backup, for people."""

from collections import Counter
from typing import Final

from msgspec.structs import replace

from exporter.backups.chains import AssessedBackup, BrokenLink, Chains
from exporter.records import Backup
from exporter.results import BrokenChain, ChainLink, DatabaseAssessment, NewestChain

MOST_LINKS: Final = 100
"""Links of a broken chain that are kept; a list of many databases on one long chain would fill the memory."""
MOST_WHOLE_LINKS: Final = 20
"""The same of a chain that is whole, as most are: kept links take as much memory as ten backups each."""


def newest_chain(newest: AssessedBackup, chains: Chains) -> NewestChain:
    """Return the chain of a backup. The number of dependants is not known yet: see `with_dependants`."""
    chain = newest.chain
    links = chains.links(newest.backup, chain, MOST_LINKS if chain.broken else MOST_WHOLE_LINKS)
    return NewestChain(
        tuple(map(_link, links)),
        chain.length - len(links),
        _broken(chain.broken, chains) if chain.broken else None,
    )


def by_culprit(dependants: Counter[BrokenLink]) -> Counter[str]:
    """Return how many backups each culprit breaks, by its id.

    :param dependants: how many backups of the whole list each broken link breaks.
    """
    numbers = Counter[str]()
    for link, number in dependants.items():
        numbers[link.culprit_id] += number
    return numbers


def with_dependants(database: DatabaseAssessment, dependants: Counter[str]) -> DatabaseAssessment:
    """Return an assessment that knows how many backups hang on the culprit of its chain.

    :param dependants: see `by_culprit`.
    """
    if database.chain is None or database.chain.broken is None:
        return database
    broken = database.chain.broken
    number = dependants[broken.culprit.id]
    return replace(database, chain=replace(database.chain, broken=replace(broken, dependants=number)))


def _broken(link: BrokenLink, chains: Chains) -> BrokenChain:
    culprit = chains.backup(link.culprit_id)
    return BrokenChain(link.reason.value, _link(culprit) if culprit else ChainLink(link.culprit_id), 0)


def _link(backup: Backup) -> ChainLink:
    return ChainLink(backup.id, backup.name, backup.status, backup.created_at.timestamp())
