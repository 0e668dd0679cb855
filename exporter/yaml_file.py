"""Configuration files: UTF-8, YAML 1.2, converted to frozen settings."""

from collections.abc import Callable
from pathlib import Path

from exporter.errors import ConfigError
from exporter.validation import Settings, convert
from exporter.yaml12 import parse_yaml


def load_yaml_file(
    path: Path,
    expected: type[Settings],
    *,
    flag: str,
    check: Callable[[object], None] = lambda _: None,
) -> Settings:
    """Read a file; an empty one has no keys. Relative paths in it are relative to its folder.

    :param expected: the struct to convert the document to, as in `validation.convert`.
    :param flag: the flag that names the file, for the error if it cannot be read.
    :param check: raises `ConfigError` for a document that it does not accept, before it is converted.
    :raises ConfigError: that names the file, the key, what was found and what is allowed.
    """
    source, text = str(path), _read(path, flag)
    try:
        document = parse_yaml(text)
        document = {} if document is None else document
        check(document)
    except ConfigError as error:
        raise error.within(source=source) from None
    return convert(document, expected, source=source, folder=path.parent)


def _read(path: Path, flag: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", source=flag) from None
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8 at offset {error.start}"
        raise ConfigError(source=str(path), found=found, allowed="YAML in UTF-8") from None
