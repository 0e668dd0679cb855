"""TODO tests/alerts."""
