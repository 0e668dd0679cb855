"""A short form of `make abuse`."""

import pytest

from benchmarks.abuse import GIVE_UP, run


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_scrapes_hold() -> None:
    """Every scrape succeeds while other clients misbehave, over plain HTTP and over TLS.

    The deadline only ends a scrape that hangs: other tests share the CPU. `make abuse` allows one second.
    """
    assert run(seconds=3, deadline=GIVE_UP)
