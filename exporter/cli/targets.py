"""Which of the configured targets a command is about."""

from exporter.config import Config, Target
from exporter.errors import ConfigError


def target_named(config: Config, name: str) -> Target:
    """Return the target of the flag `--target`.

    :raises ConfigError: if there is none of this name.
    """
    for target in config.targets:
        if target.name == name:
            return target
    raise unknown_target(config, repr(name))


def unknown_target(config: Config, found: str) -> ConfigError:
    """Return the error of a flag `--target` that names no target."""
    names = (target.name for target in config.targets)
    return ConfigError(key="--target", found=found, allowed=", ".join(names))
