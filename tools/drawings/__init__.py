"""The drawings of the documentation, written by `make docs`."""
