"""Programs for developers and CI: checks of what the project ships, and generators."""
