"""Tests of README and docs: their examples run, and their tables agree with the code."""
