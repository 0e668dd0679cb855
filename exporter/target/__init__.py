"""One target's state over time: its scrapes, its walks, its last complete snapshot."""
