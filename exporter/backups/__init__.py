"""TODO exporter/backups."""
