"""The command line: its flags and its commands.

- `main`: runs a command line and turns errors into exit statuses
- `parser`, `flags`: what can be typed, and its help
- `commands`: `serve`, `check`, `once`, `demo`
- `serving`: what `serve` and `demo` share
- `walking`, `walk_display`, `estimate`: one walk, with its progress on a terminal
- `findings`, `report`: what `check` finds, and how it is printed
- `logs`: the process's logging
- `streams`: standard streams that the caller closed
"""
