"""TODO tests/end_to_end."""
