"""The Prometheus rules: YAML to load, and the Python that writes it."""
