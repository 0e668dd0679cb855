"""Walks every page of a list, one request after the other or several at a time.

- `sequential`: the walk, page after page; `trail`, `endless`, `page_size`: its markers, bounds and page size
- `collected`: the records so far; `split_page`: parts of a page
- `concurrent`: the same walk over pages that were requested ahead
- `prefetcher`: serves the next page, cached or new; `request_order`: the order of the requests in time
- `boundaries`, `spacing`: where the next walk requests pages ahead
- `page_cache`, `dispatcher`: pages and requests in flight; `pool`, `threads`: what runs these
"""

from exporter.walk.boundaries import PageBoundaries
from exporter.walk.concurrent import walk_concurrently
from exporter.walk.page_size import FetchPage, PageSize
from exporter.walk.pool import Pool
from exporter.walk.sequential import walk
from exporter.walk.threads import Threads

__all__ = ["FetchPage", "PageBoundaries", "PageSize", "Pool", "Threads", "walk", "walk_concurrently"]
