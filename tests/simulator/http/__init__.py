"""TODO tests/simulator/http."""
