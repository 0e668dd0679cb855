"""Tests of `exporter.cli.commands`."""
