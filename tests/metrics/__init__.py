"""TODO tests/metrics."""
