"""The abuse of `make abuse`, in a short form."""

import pytest

from benchmarks.abuse import run


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_scrapes_hold() -> None:
    """Whatever clients do, scrapes succeed, over plain HTTP and over TLS.

    `make abuse` allows a second for each; here other tests run beside it.
    """
    assert run(seconds=3, patience=5)
