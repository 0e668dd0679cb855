"""TODO tests/tools."""
