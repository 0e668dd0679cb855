"""Runs first in the single file: ends with one line if this Python cannot run it."""

import sys

OLDEST, NEWEST = (3, 11), (3, 14)

if not OLDEST <= sys.version_info[:2] <= NEWEST:
    sys.exit(
        "bycloud-backup-exporter: needs Python 3.11 to 3.14, and {} is {}.{}; run: python3.X FILE".format(
            sys.executable, *sys.version_info[:2]
        )
    )
