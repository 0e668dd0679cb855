"""The pool that fetches pages: how to start a request without waiting for it, and how to wait for several."""

from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from msgspec import Struct

Submit = Callable[..., Future[Any]]
"""Call a function with the given arguments in another thread."""
AwaitAny = Callable[[Collection[Future[Any]]], Collection[Future[Any]]]
"""Wait until some of the futures are done; return those."""


def await_any(futures: Collection[Future[Any]]) -> Collection[Future[Any]]:
    """Wait until a thread has done one of them."""
    return wait(futures, return_when=FIRST_COMPLETED).done


class Pool(Struct, frozen=True):
    """Where pages are fetched: `submit` starts a request, `size` is how many may be in flight."""

    submit: Submit
    size: int
    await_any: AwaitAny = await_any
