"""Tests of `exporter.simulator.http`."""
