"""TODO exporter/walk."""
