"""TODO tests/docs."""
