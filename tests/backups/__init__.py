"""TODO tests/backups."""
