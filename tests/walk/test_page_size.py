"""The page size of a walk."""

from typing import Literal

import pytest

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Page
from exporter.simulator.quirks import Quirks
from exporter.walk import FetchPage, PageSize, walk
from tests.support.builders import FakeList
from tests.support.lists import undated


def requested_limits(api: FakeList) -> list[int]:
    """Return the limits of a list's requests, in their order."""
    return [limit for _, limit in api.requested]


def refusing(status: int, reason: Reason = Reason.CLIENT_ERROR, *, above: int = 0) -> FetchPage[Backup]:
    """Raise an error: this one for a limit above a number, else 503."""

    def refuse(_marker: str | None, limit: int) -> Page[Backup]:
        if limit > above:
            raise ApiError(reason, "no", status=status)
        raise ApiError(Reason.SERVER_ERROR, "down", status=503)

    return refuse


@pytest.mark.parametrize("status", [400, 422])
def test_is_reduced_while_the_api_refuses_it(status: Literal[400, 422]) -> None:
    """The next walk starts with what worked in this one."""
    api = FakeList(undated(45), Quirks(max_limit=20, over_limit="refuse", refuse_status=status))
    page_size = PageSize()

    walk(api.fetch, page_size)
    first = requested_limits(api)
    api.requested.clear()
    walk(api.fetch, page_size)

    assert first == [1000, 500, 200, 100, 50, 20, 20, 20]
    assert requested_limits(api) == [20, 20, 20]


def test_has_a_smallest_step() -> None:
    """An API that accepts no limit at all fails the walk with its own words."""
    api = FakeList(undated(5), Quirks(max_limit=3, over_limit="refuse"))

    with pytest.raises(ApiError, match="limit"):
        walk(api.fetch, PageSize())

    assert len(api.requested) == 6


def test_a_configured_size_is_never_reduced() -> None:
    """The user's own choice counts."""
    api = FakeList(undated(5), Quirks(max_limit=3, over_limit="refuse"))

    with pytest.raises(ApiError, match="limit"):
        walk(api.fetch, PageSize(50))

    assert requested_limits(api) == [50]


def test_stays_if_every_step_is_refused() -> None:
    """Such a 400 is not about the limit: the next walk needs no more pages than before."""
    api, page_size = FakeList(undated(2500)), PageSize()

    with pytest.raises(ApiError):
        walk(refusing(400), page_size)
    walk(api.fetch, page_size)

    assert requested_limits(api) == [1000, 1000, 1000]


def test_a_size_without_a_response_is_not_kept() -> None:
    """Another failure after a reduction proves nothing about the smaller size."""
    page_size = PageSize()

    with pytest.raises(ApiError):
        walk(refusing(400, above=100), page_size)

    assert page_size.limit == 1000


def test_a_reduced_size_survives_a_walk_of_400s() -> None:
    """The size before the failed walk is kept, not the largest one."""
    api, page_size = FakeList(undated(300), Quirks(max_limit=200, over_limit="refuse")), PageSize()
    walk(api.fetch, page_size)
    api.quirks = Quirks(max_limit=3, over_limit="refuse")

    with pytest.raises(ApiError):
        walk(api.fetch, page_size)

    assert page_size.limit == 200
    assert repr(page_size) == "PageSize(limit=200)"


def test_is_only_reduced_where_the_limit_may_be_refused() -> None:
    """A refused credential is no reason to request less."""
    requests = 0

    def refuse(marker: str | None, limit: int) -> Page[Backup]:
        nonlocal requests
        requests += 1
        return refusing(401, Reason.AUTH)(marker, limit)

    page_size = PageSize()
    with pytest.raises(ApiError):
        walk(refuse, page_size)

    assert (page_size.limit, requests) == (1000, 1)
