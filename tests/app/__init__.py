"""TODO tests/app."""
