"""TODO exporter/config."""
