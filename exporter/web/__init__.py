"""TODO exporter/web."""
