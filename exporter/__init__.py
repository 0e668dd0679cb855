"""Prometheus exporter for ByCloud's managed database backups."""

__version__ = "0.1.0"
