"""Walks every page of a list, one request after the other or several at a time; `threads` runs those."""

from exporter.walk.boundaries import PageBoundaries
from exporter.walk.concurrent import walk_concurrently
from exporter.walk.page_size import FetchPage, PageSize
from exporter.walk.pool import Pool
from exporter.walk.sequential import walk
from exporter.walk.threads import Threads

__all__ = ["FetchPage", "PageBoundaries", "PageSize", "Pool", "Threads", "walk", "walk_concurrently"]
