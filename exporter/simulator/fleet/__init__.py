"""The databases and backups of the simulated API.

- `fleet`: all of them at any time; `databases`, `schedule`, `storage`: what each runs on, backs up and where
- `ailments`: what can be wrong with backups
- `bulk`: large lists for benchmarks
- `chance`: random numbers that depend on their arguments only
"""
