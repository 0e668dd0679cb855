"""TODO exporter/cli."""
