"""The machine's clock."""

from exporter.clock import Clock


def test_monotonic_time_passes_while_the_clock_sleeps() -> None:
    """Unix time may jump meanwhile, monotonic time may not."""
    clock = Clock()
    before = clock.monotonic()
    clock.sleep(0.001)

    assert clock.monotonic() >= before + 0.001
    assert clock.now() > 0
