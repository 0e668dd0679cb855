"""The composition of all targets, and reconfiguring it while it runs.

- `exporter`: `Exporter`, everything that runs for the current configuration
- `runtime`: `TargetRuntime`, what runs for one target
- `budgets`: which budgets survive a reload
- `reload`: `Reloader`
"""
