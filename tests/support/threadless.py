"""A system that starts no threads, as under a limit of processes: their stacks are too large to allocate."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

TOO_LARGE: Final = 2**48  # bytes; the whole address space of most processors


@contextmanager
def no_threads() -> Iterator[None]:
    """Let every `Thread.start` of this process raise within the block."""
    before = threading.stack_size(TOO_LARGE)
    try:
        yield
    finally:
        threading.stack_size(before)
