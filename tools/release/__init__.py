"""Builds what a release has, from a checkout: `python -m tools.release`."""
