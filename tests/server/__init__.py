"""TODO tests/server."""
