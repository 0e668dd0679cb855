"""Writes the rules: `python -m alerts.source`, or `make rules`.

A recording rule carries what several alerts need, so that an alert reads like a sentence:
`time() - bycloud:restorable_newest:timestamp > bycloud:objective_age:seconds`.

Identity. A *target* is `cluster, namespace, job, target`: one account of the API, however many replicas of the exporter
read it. A *database* is its target and `instance_id`. Nothing else is part of an alert's identity but `team` and `instance_name`.
A rename does not end an alert: `bycloud:database:name` keeps the name for as long as one may fire. Alerts of the
other groups have no such label; their name comes by one short query in the summary.

Facts. A fact is the last known value of a database (`promql.fact`). It is what the exporter serves now. If walks fail,
or nothing can be scraped, it is what was recorded last, for as long as the outage lasts. If a complete walk no longer
has it, NaN is recorded once: a range selector ignores staleness, so without this mark the value from before would
come back in an outage that begins within the next two hours. A comparison with NaN is false.

A database's facts end with its target. A target is known while it serves `bycloud_up`, while its scrapes fail, and
while no `bycloud_up` is left in its cluster and namespace. If others are left, it was renamed or removed.

Time. Scrapes and evaluations may be up to ten minutes apart, but an instant selector reaches back only five minutes.
So facts are read from a range of eleven minutes. A series that ended is in it for that long, and would return in an
outage that begins meanwhile. So `promql.current` reads the range only if no instant selector has seen
`bycloud_up`. Objectives, broken chains and running backups are read that way; alerts that last read one of them.
Rules that an alert reads stand before it in the same group, since those of another group may be invisible.

Cost. The minute's group is evaluated for thousands of databases, and a selector of 5,000 series takes 20 ms or more. The
group has what pages and what changes within minutes; full backups, chains, trends and compliance have ten.

| module | its one job |
| --- | --- |
| `settings` | what an operator may change |
| `table` | the types of the table: recording rules, alerts, groups |
| `promql` | expressions that several rules share |
| `wording` | templates of annotations that several alerts share |
| `target_records`, `target_alerts` | exporters and their walks |
| `database_records`, `database_alerts` | the backups of each database |
| `trends` | comparisons with the past, every ten minutes |
| `chains` | full backups and the length of chains, every ten minutes |
| `compliance` | the met share of 30 days and its error budget, every hour |
| `arguments` | arguments → settings |
| `groups` | all groups, in their order |
| `rendering` | groups → YAML |
| `mixin`, `symbols` | groups → Jsonnet |
| `first_steps`, `runbooks` | the generated parts of the runbooks |
| `documents` | the table in docs/alerts.md |
"""
