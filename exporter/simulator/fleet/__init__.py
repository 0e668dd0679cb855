"""TODO exporter/simulator/fleet."""
