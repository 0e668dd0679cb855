"""The lower bound of processor time: the exporter's own fetch and decode, page by page.

    python -m benchmarks.floor URL PAGE_SIZE [RUNS]

Prints the minimum seconds of wall time and processor time.
"""

import sys

from benchmarks.processes import KEY, PATIENCE
from benchmarks.script import least
from exporter.api import BACKUPS, ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config import Secret, Target, Url
from exporter.metrics.own import OwnMetrics


def main() -> None:
    """Measure it."""
    url, page_size, *runs = sys.argv[1:]
    target = Target(name="bench", url=Url(url), api_key=Secret(KEY))
    clock = Clock()
    observer = OwnMetrics().observer(target.name)
    api = ApiClient(target, Budget(clock=clock), observer, HttpTransport(target, Deadlines()), clock)

    def fetch_all() -> None:
        client = api.walk_client(PATIENCE)
        marker, more = None, True
        while more:
            page = client.fetch_page(BACKUPS, marker, int(page_size))
            marker, more = page.markers[0], bool(page.more)

    print(*least(fetch_all, int(runs[0]) if runs else 1))


if __name__ == "__main__":
    main()
