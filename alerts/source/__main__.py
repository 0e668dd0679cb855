"""`python -m alerts.source`: write the rules that ship; with arguments such as `team=owner`, print others."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from alerts.source.rendering import rendered
from alerts.source.settings import Settings

RULES: Final = Path(__file__).parents[1] / "bycloud-backups.rules.yml"


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
    """Write the shipped file, or print rules with other settings."""
    if arguments:
        sys.stdout.write(rendered(settings_of(arguments)))
    else:
        RULES.write_text(rendered(Settings()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
