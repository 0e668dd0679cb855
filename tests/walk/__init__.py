"""Tests of `exporter.walk`."""
