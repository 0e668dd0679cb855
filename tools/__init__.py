"""Checks of what the project ships, for CI and for developers; they need nothing but Python."""
