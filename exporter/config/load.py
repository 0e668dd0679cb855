"""The configuration, from a YAML file and the environment."""

from collections.abc import Mapping
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from exporter.config.environment import objective_from, target_from, unused_variables
from exporter.config.schema import Config
from exporter.config.variables import CREDENTIAL_VARIABLES
from exporter.errors import ConfigError
from exporter.yaml_file import load_yaml_file

FLAG: Final = "--config.file"


class LoadedConfig(Struct, frozen=True):
    """The configuration, and a warning for each environment variable that it does not use."""

    config: Config
    warnings: tuple[str, ...]


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration, as `load_with_warnings` does."""
    return load_with_warnings(path, environ).config


def reload_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration again, unless reading could block: later reloads would wait without end.

    :raises ConfigError: as `load_with_warnings` does, and for a FIFO or a device.
    """
    if path and _may_block(path):
        raise ConfigError(f"cannot read {path}: not a regular file", source=FLAG)
    return load_config(path, environ)


def load_with_warnings(path: Path | None, environ: Mapping[str, str]) -> LoadedConfig:
    """Read the configuration.

    The environment counts only if no file names targets: it then defines the target `default`, and, unless
    the file names objectives, the objective of all databases.

    :param path: the YAML file, if there is one.
    :raises ConfigError: that names the file or the variable, the key, what was found and what is allowed.
    """
    file = load_yaml_file(path, Config, flag=FLAG) if path else Config()
    if path and not file.targets and not any(map(environ.get, CREDENTIAL_VARIABLES)):
        raise ConfigError(
            f"{path} has no targets, and the environment has no credential",
            source=FLAG,
            allowed=f"`targets` in the file, or one of {', '.join(CREDENTIAL_VARIABLES)}",
        )
    config = file if file.targets else _completed(file, environ)
    return LoadedConfig(config, unused_variables(environ, file))


def _completed(file: Config, environ: Mapping[str, str]) -> Config:
    objectives = file.objectives if file.has_objectives else (objective_from(environ),)
    return replace(file, targets=(target_from(environ),), objectives=objectives)


def _may_block(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False  # reading it reports the error
    return not (S_ISREG(mode) or S_ISDIR(mode))
