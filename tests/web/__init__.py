"""TODO tests/web."""
