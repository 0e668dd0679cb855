"""The configuration, from a YAML file and the environment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from exporter.config.schema import Config
from exporter.config.target import Target
from exporter.errors import ConfigError
from exporter.validation import convert
from exporter.yaml_file import load_yaml_file

FLAG: Final = "--config.file"
ENVIRONMENT: Final = "environment"
CREDENTIAL_VARIABLES: Final = {
    "BYCLOUD_API_KEY": "api_key",
    "BYCLOUD_API_KEY_FILE": "api_key_file",
    "BYCLOUD_API_TOKEN": "token",
    "BYCLOUD_API_TOKEN_FILE": "token_file",
}
"""The variables that hold a credential, and the setting of a target that each one sets."""
URL_VARIABLE: Final = "BYCLOUD_API_URL"
_VARIABLES: Final = {
    setting: name for name, setting in (CREDENTIAL_VARIABLES | {URL_VARIABLE: "url"}).items()
}


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration.

    :param path: the YAML file; without one, or if it has no targets, the environment defines the target
        `default`.
    :raises ConfigError: that names the file or the variable, the key, what was found and what is allowed.
    """
    config = load_yaml_file(path, Config, flag=FLAG) if path else Config()
    if config.targets:
        return config
    if path and not any(map(environ.get, CREDENTIAL_VARIABLES)):
        raise ConfigError(
            f"{path} has no targets, and the environment has no credential",
            source=FLAG,
            allowed=f"`targets` in the file, or one of {', '.join(CREDENTIAL_VARIABLES)}",
        )
    return msgspec.structs.replace(config, targets=(_from_environment(environ),))


def _from_environment(environ: Mapping[str, str]) -> Target:
    given = [name for name in CREDENTIAL_VARIABLES if environ.get(name)]
    if len(given) != 1:
        raise ConfigError(
            source=ENVIRONMENT,
            found=" and ".join(given) or "no credential",
            allowed=f"exactly one of {', '.join(CREDENTIAL_VARIABLES)} (or {FLAG} with `targets`)",
        )
    settings = {CREDENTIAL_VARIABLES[name]: environ[name] for name in given}
    if url := environ.get(URL_VARIABLE):
        settings["url"] = url
    try:
        target = convert({"name": "default", **settings}, Target)
        target.credential.read()  # here an error can name the variable; a walk knows only the setting
    except ConfigError as error:
        raise _renamed(error) from None
    return target


def _renamed(error: ConfigError) -> ConfigError:
    """Return the error with the variable's name instead of the target's setting."""
    variable = _VARIABLES.get(error.key or "", error.key)
    return ConfigError(
        error.problem, source=ENVIRONMENT, key=variable, found=error.found, allowed=error.allowed
    )
