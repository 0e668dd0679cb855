"""TODO exporter/simulator/http."""
