"""Tests of `exporter.simulator.fleet`."""
