"""TODO tests/walk."""
