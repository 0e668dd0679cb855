"""Every metric of a target, section by section."""

from typing import Final

from exporter.metrics.databases import BACKUPS, BROKEN_CHAINS, NAMES, OWNERS, RESTORABILITY
from exporter.metrics.scrape import COLLECTORS, FAILURES, SCRAPE, WALKED_BACKUPS

SECTIONS: Final = (
    BACKUPS,
    RESTORABILITY,
    BROKEN_CHAINS,
    NAMES,
    OWNERS,
    SCRAPE,
    WALKED_BACKUPS,
    FAILURES,
    COLLECTORS,
)
