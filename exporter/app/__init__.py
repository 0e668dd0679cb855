"""The composition of all targets, and reconfiguring it while it runs."""
