"""TODO exporter/metrics."""
