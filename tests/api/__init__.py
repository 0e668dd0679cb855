"""Tests of `exporter.api`."""
