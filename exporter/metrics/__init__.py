"""From results to metric families and expositions; the exporter's own counters."""
