"""Labels that the user gives to databases, such as the team that owns them."""

import re
from typing import ClassVar, Final, Self

from exporter.errors import ConfigError
from exporter.printable import printable_line
from exporter.validation import NotAllowedError, quote_name
from exporter.violations import quote

MOST_LABELS: Final = 8
_NAME: Final = re.compile("[a-zA-Z_][a-zA-Z0-9_]{0,59}")


class Labels(tuple[tuple[str, str], ...]):
    """Names with their values, sorted by name.

    `bycloud_database_labels` shows them with the prefix `label_`.
    """

    ALLOWED: ClassVar = "a mapping from names such as team to texts"
    __slots__ = ()

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration.

        :raises NotAllowedError: if it is no mapping.
        :raises ConfigError: if a name or a value cannot be used, or if there are too many.
        """
        if not isinstance(found, dict):
            raise NotAllowedError
        if len(found) > MOST_LABELS:
            raise ConfigError(found=f"{len(found)} labels", allowed=f"at most {MOST_LABELS}")
        return cls(sorted((_name(name), _value(name, value)) for name, value in found.items()))


def _name(name: object) -> str:
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        allowed = "letters, digits and _, at most 60, not starting with a digit"
        raise ConfigError(found=f"the label name {quote_name(str(name))}", allowed=allowed)
    return name


def _value(name: object, value: object) -> str:
    if not (isinstance(value, str) and value):
        found = "nothing" if value is None else printable_line(quote(value))
        raise ConfigError(key=str(name), found=found, allowed="a text in quotes, not empty")
    return value
