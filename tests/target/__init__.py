"""TODO tests/target."""
