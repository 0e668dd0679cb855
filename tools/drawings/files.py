"""The files of the drawings."""

from collections.abc import Callable, Mapping
from typing import Final

from tools.drawings.chain import chain
from tools.drawings.packages import packages
from tools.drawings.scrape import scrape
from tools.drawings.walk import walk

FILES: Final[Mapping[str, Callable[[], str]]] = {
    "docs/images/chain.svg": chain,
    "docs/images/packages.svg": packages,
    "docs/images/scrape.svg": scrape,
    "docs/images/walk.svg": walk,
}
