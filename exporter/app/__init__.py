"""TODO exporter/app."""
