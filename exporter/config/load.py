"""From a YAML file and the environment to a `Config`, or to one line that says what is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from exporter.config.credentials import Credential, Secret
from exporter.config.schema import Config, Duration, Target, Url
from exporter.errors import ConfigError
from exporter.validation import NotAllowedError, explain_violation
from exporter.yaml12 import parse_yaml

CREDENTIALS: Final = {
    "BYCLOUD_API_KEY": "api_key",
    "BYCLOUD_API_KEY_FILE": "api_key_file",
    "BYCLOUD_API_TOKEN": "token",
    "BYCLOUD_API_TOKEN_FILE": "token_file",
}
URL: Final = "BYCLOUD_API_URL"


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration; raise `ConfigError`.

    The environment makes the target `default` where the file, or the lack of one, names no targets.
    """
    config = _from_file(path) if path else Config()
    if config.targets:
        return config
    if path and not any(map(environ.get, CREDENTIALS)):
        raise ConfigError(
            f"--config.file: {path} names no targets, and the environment no credential,"
            f" needed: `targets` or one of {', '.join(CREDENTIALS)}"
        )
    return msgspec.structs.replace(config, targets=(_from_environment(environ),))


def _from_file(path: Path) -> Config:
    try:
        document = parse_yaml(_text(path))
        document = {} if document is None else document
        return _resolve_files(msgspec.convert(document, Config, dec_hook=_decode), path.parent)
    except OSError as error:
        raise ConfigError(f"--config.file: cannot read {path}: {error.strerror}") from None
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {explain_violation(error, document, Config)}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"found bytes that are no UTF-8 at {error.start}, allowed: YAML in UTF-8") from None


def _from_environment(environ: Mapping[str, str]) -> Target:
    given = {name: environ[name] for name in CREDENTIALS if environ.get(name)}
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise ConfigError(
            f"environment: found {found}, needed: exactly one of {', '.join(CREDENTIALS)}"
            " (or --config.file with `targets`)"
        )
    settings: dict[str, str] = {CREDENTIALS[name]: value for name, value in given.items()}
    if url := environ.get(URL):
        settings["url"] = url
    target = _target_from_environment(settings)
    _check_file(target.credential, next(iter(given)))
    return target


def _target_from_environment(settings: Mapping[str, str]) -> Target:
    try:
        return msgspec.convert({"name": "default", **settings}, Target, dec_hook=_decode)
    except msgspec.ValidationError as error:
        line = explain_violation(error, settings, Target)
        key, _, rest = line.partition(":")
        names = {setting: name for name, setting in (CREDENTIALS | {URL: "url"}).items()}
        raise ConfigError(f"environment: {names[key]}:{rest}") from None


def _check_file(credential: Credential, variable: str) -> None:
    """Read the secret's file once, to name the variable where it is wrong: a walk knows only the setting."""
    try:
        credential.read()
    except ConfigError as error:
        problem = str(error).removeprefix(credential.place)
        raise ConfigError(f"environment: {variable}{problem}") from None


def _decode(wanted: type, found: Any) -> object:  # noqa: ANN401 - whatever YAML gave
    """Make one of our own types from what stands in the file; msgspec adds the place to a `ValueError`."""
    if not isinstance(found, str):
        raise NotAllowedError
    if issubclass(wanted, Secret):
        return wanted(found)
    assert issubclass(wanted, Duration | Url)  # noqa: S101 - the only others in `config`
    try:
        return wanted.parse(found)
    except ValueError:
        raise NotAllowedError from None


def _resolve_files(config: Config, folder: Path) -> Config:
    """Take relative paths as relative to the configuration's file, as Prometheus does."""
    return msgspec.structs.replace(config, targets=tuple(_resolve_target(t, folder) for t in config.targets))


def _resolve_target(target: Target, folder: Path) -> Target:
    tls = target.tls_config
    return msgspec.structs.replace(
        target,
        **_resolved(target, folder, "api_key_file", "token_file"),
        tls_config=msgspec.structs.replace(tls, **_resolved(tls, folder, "ca_file", "cert_file", "key_file")),
    )


def _resolved(owner: object, folder: Path, *keys: str) -> dict[str, str]:
    given = {key: getattr(owner, key) for key in keys}
    return {key: str(folder / path) for key, path in given.items() if path}
