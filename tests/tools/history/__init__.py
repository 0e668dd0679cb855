"""Tests of `tools.history`."""
