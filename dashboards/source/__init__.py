"""Writes the dashboards: `python -m dashboards.source`, or `make dashboards`."""
