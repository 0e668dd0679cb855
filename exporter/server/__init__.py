"""TODO exporter/server."""
