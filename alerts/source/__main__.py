"""`python -m alerts.source`: write the generated files; with arguments such as `team=owner`, print others."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from alerts.source.documents import table, with_part
from alerts.source.mixin import mixin
from alerts.source.rendering import rendered
from alerts.source.runbooks import runbooks
from alerts.source.settings import Settings

HOME: Final = Path(__file__).parents[2]
PAGES: Final = {"README.md": "docs/runbooks/", "docs/alerts.md": "runbooks/"}
"""The pages with the table of alerts, and the path of the runbooks from each."""


def files() -> Iterator[tuple[Path, str]]:
    """Yield every generated file with its content."""
    yield HOME / "alerts" / "bycloud-backups.rules.yml", rendered(Settings())
    yield HOME / "alerts" / "mixin.libsonnet", mixin()
    for name, folder in PAGES.items():
        yield HOME / name, with_part(_text(HOME / name), table(folder))
    for runbook in runbooks():
        path = HOME / "docs" / "runbooks" / f"{runbook.name}.md"
        yield path, runbook.completed(_text(path))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def settings_of(arguments: Sequence[str]) -> Settings:
    """Return the settings that arguments such as `labels=environment,region` change.

    :raises SystemExit: an argument is no `KEY=VALUE`, or no setting.
    """
    values: dict[str, object] = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or key not in Settings.__struct_fields__:
            allowed = ", ".join(f"{name}=…" for name in Settings.__struct_fields__)
            raise SystemExit(f"{argument!r} is not a setting; allowed: {allowed}")
        values[key] = tuple(value.split(",")) if key == "labels" else value
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SystemExit(f"invalid settings {json.dumps(values)}: {error}") from error


def main(arguments: Sequence[str]) -> None:
    """Write the generated files, or print rules with other settings."""
    if arguments:
        sys.stdout.write(rendered(settings_of(arguments)))
    else:
        for path, content in files():
            path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
