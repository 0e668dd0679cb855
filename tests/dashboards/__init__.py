"""TODO tests/dashboards."""
