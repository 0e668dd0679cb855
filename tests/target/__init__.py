"""Tests of `exporter.target`."""
