"""`python -m alerts.source`: write the generated files; with arguments such as `team=owner`, print others."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from alerts.source.arguments import settings_of
from alerts.source.documents import table, with_part
from alerts.source.mixin import mixin
from alerts.source.rendering import rendered
from alerts.source.runbooks import runbooks
from alerts.source.settings import Settings

HOME: Final = Path(__file__).parents[2]
PAGE: Final = HOME / "docs" / "alerts.md"
"""The page with the table of alerts."""


def files() -> Iterator[tuple[Path, str]]:
    """Yield every generated file with its content."""
    yield HOME / "alerts" / "bycloud-backups.rules.yml", rendered(Settings())
    yield HOME / "alerts" / "mixin.libsonnet", mixin()
    yield PAGE, with_part(_text(PAGE), table("runbooks/"))
    for runbook in runbooks():
        path = HOME / "docs" / "runbooks" / f"{runbook.name}.md"
        yield path, runbook.completed(_text(path))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    """Write the generated files, or print rules with other settings."""
    if arguments:
        sys.stdout.write(rendered(settings_of(arguments)))
    else:
        for path, content in files():
            path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
