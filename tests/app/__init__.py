"""Tests of `exporter.app`."""
