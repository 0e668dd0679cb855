"""TODO tests/deploy."""
