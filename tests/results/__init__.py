"""Tests of `exporter.results`."""
