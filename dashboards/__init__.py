"""The Grafana dashboards: JSON to import, and the Python that writes it."""
