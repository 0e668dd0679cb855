"""The commands, one module each, with a `run` that returns the exit status. Import only the one that runs.

`serve`, `check`, `explain`, `once`, `demo`, `healthcheck`.
"""
