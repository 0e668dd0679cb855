"""Tests of what a release has."""
