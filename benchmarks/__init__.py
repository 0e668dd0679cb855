"""What the exporter costs, measured; none of it is a test."""
