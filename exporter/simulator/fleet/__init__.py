"""The databases and backups of the simulated API."""
