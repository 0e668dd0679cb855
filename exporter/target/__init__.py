"""TODO exporter/target."""
