"""Every metric of a target, section by section."""

from typing import Final

from exporter.metrics.databases import BACKUPS, BROKEN_CHAINS, DATABASES, NAMES, OBJECTIVE_LABELS
from exporter.metrics.scrape import COLLECTORS, FAILURES, SCRAPE, WALKED_BACKUPS

SECTIONS: Final = (
    BACKUPS,
    DATABASES,
    BROKEN_CHAINS,
    NAMES,
    OBJECTIVE_LABELS,
    SCRAPE,
    WALKED_BACKUPS,
    FAILURES,
    COLLECTORS,
)
