"""Tests of README and docs: what they say is true and runs."""
