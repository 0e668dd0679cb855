"""Fills a real Prometheus with weeks of the demo: `python -m tools.history FOLDER`, or `make history`.

One model, the simulator's `Fleet`, says which databases and backups exist at any time. The exporter's own
client, walk and assessment look at it under a clock that jumps from scrape to scrape. Their samples become an
OpenMetrics file, promtool makes blocks of it and of what the rules say about it, and Prometheus serves them.

| module | its one job |
| --- | --- |
| `fleets` | the databases: the demo's, or any number |
| `replay` | the exporter, looking at a fleet at past times |
| `outages` | when the API does not respond |
| `writing` | samples → OpenMetrics |
| `rules` | recording rules and alerts → layers that promtool can backfill |
| `blocks` | all of it → Prometheus's data folder |
| `serving` | Prometheus on that folder |
"""
