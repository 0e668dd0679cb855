"""TODO tests/simulator/fleet."""
