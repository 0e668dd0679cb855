"""The command line: its flags and its commands.

- `main`: runs a command line and turns errors into exit statuses
- `parser`, `flags`: what can be typed, and its help
- `commands`: `serve`, `check`, `explain`, `once`, `demo`, `healthcheck`
- `serving`: what `serve` and `demo` share
- `walking`, `walk_display`, `estimate`: one walk, with its progress on a terminal
- `finding`, `findings`, `data_findings`, `report`: what `check` finds, and how it is printed
- `matches`, `explained`, `explained_json`: which databases `explain` is asked for, and what it prints
- `tables`, `moments`, `targets`: what several commands share
- `version`: which build runs
- `logs`: the process's logging
- `streams`: standard streams that the caller closed
"""
