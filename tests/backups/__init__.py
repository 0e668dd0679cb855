"""Tests of `exporter.backups`."""
