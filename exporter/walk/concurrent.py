"""The concurrent walk: a sequential walk over pages that were requested ahead.

A page is requested by its marker, which is known only from the page before it. But a list changes little
between two walks. So the ids at which the last walk's pages ended are tried as markers, several requests at a
time. The responses fill a cache, and a sequential walk takes its pages from there. It uses a page only if the
page was requested after the page before it had arrived, or if the record at its marker is unchanged since the
last walk. Such a record has not moved, so a new request would return the same page. All other pages are
requested again.

The last page is requested ahead only if the newest update comes first: in other lists, an updated record may
move to the tail after the tail was read. The pool's threads only fetch. This thread decodes, as Python cannot
decode two pages at once, and records are cheapest to work on where they have just been made.
"""

from exporter.records import Record
from exporter.results import WalkResult
from exporter.walk.boundaries import PageBoundaries
from exporter.walk.dispatcher import Body, Dispatcher, Fetch
from exporter.walk.page_cache import PageCache, Read
from exporter.walk.page_size import PageSize
from exporter.walk.pool import Pool
from exporter.walk.prefetcher import Prefetcher
from exporter.walk.sequential import confirm, is_whole, walk_once


def walk_concurrently(  # noqa: PLR0913 - what to fetch, how, and what the last walk left
    fetch: Fetch[Body],
    read: Read[Body, Record],
    page_size: PageSize,
    pool: Pool,
    boundaries: PageBoundaries,
    *,
    usual_shortfall: int = 0,
) -> tuple[WalkResult[Record], PageBoundaries]:
    """Walk the whole list; return it, and its page boundaries for the next walk.

    :param fetch: fetches the body of a page; called in the pool's threads.
    :param read: decodes a body; called in this thread.
    :param page_size: the page size, which the walk reduces if the API refuses it.
    :param boundaries: those of the last finished walk. Without any, this walk is sequential.
    :param usual_shortfall: the `WalkResult.shortfall` of the last finished walk.
    :raises ApiError: as `walk` does.
    """

    def walk_from(known: PageBoundaries) -> tuple[WalkResult[Record], PageBoundaries]:
        cache = PageCache(Dispatcher[Body, Record](fetch, pool), read, page_size.limit)
        prefetcher = Prefetcher(cache, known)
        walked = walk_once(prefetcher.page, page_size, usual_shortfall)
        return walked, PageBoundaries() if walked.duplicates else prefetcher.boundaries

    walked, new_boundaries = walk_from(boundaries)
    if is_whole(walked, usual_shortfall):
        return walked, new_boundaries
    again, new_boundaries = walk_from(PageBoundaries())
    return confirm(walked, again, usual_shortfall), new_boundaries
