"""The configuration of one target by environment variables, and the variables that are not used."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from msgspec.structs import replace

from exporter.config.objective import Objective
from exporter.config.schema import DEFAULT_OBJECTIVE, Config
from exporter.config.target import Target
from exporter.config.variables import (
    CREDENTIAL_VARIABLES,
    OBJECTIVE_VARIABLES,
    PREFIX,
    SHARED_VARIABLES,
    TARGET_VARIABLES,
    VARIABLES,
    Variable,
    document_of,
)
from exporter.errors import ConfigError
from exporter.printable import printable_line
from exporter.validation import LONGEST_NAME, convert

SOURCE: Final = "environment"
TARGET_NAME: Final = "default"
OWN_PREFIX: Final = "BYCLOUD_EXPORTER_"  # of variables that are no setting, such as the image's revision
_OF_KUBERNETES: Final = re.compile(
    r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_\w+)?)?)"
)
"""Set in every pod for each Service, such as `BYCLOUD_BACKUP_EXPORTER_PORT_10140_TCP_ADDR`:
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
"""


def target_from(environ: Mapping[str, str]) -> Target:
    """Return the target that the environment defines.

    :raises ConfigError: that names the variable, what was found and what is allowed; never a secret.
    """
    _check_credentials([name for name in CREDENTIAL_VARIABLES if environ.get(name)])
    settings = {"name": TARGET_NAME, **document_of(environ, TARGET_VARIABLES)}
    try:
        target = convert(settings, Target)
        target.credential.read()  # here an error can name the variable; a walk knows only the setting
    except ConfigError as error:
        raise _renamed(error, TARGET_VARIABLES.values()) from None
    return target


def objective_from(environ: Mapping[str, str]) -> Objective:
    """Return the default objective with what the environment changes of it.

    :raises ConfigError: that names the variable, what was found and what is allowed.
    """
    settings = document_of(environ, OBJECTIVE_VARIABLES)
    try:
        changed = convert(settings, Objective)
    except ConfigError as error:
        raise _renamed(error, OBJECTIVE_VARIABLES.values()) from None
    return replace(DEFAULT_OBJECTIVE, **{key: getattr(changed, key) for key in settings})


def unused_variables(environ: Mapping[str, str], file: Config) -> tuple[str, ...]:
    """Return a warning for each variable that has no effect although its name looks like a setting.

    :param file: what the configuration file holds: variables do not count beside its targets, nor those of an
        objective beside its objectives.
    """
    return tuple(_unused(environ, file))


def _unused(environ: Mapping[str, str], file: Config) -> Iterator[str]:
    for name in sorted(filter(environ.get, environ)):
        if name not in VARIABLES:
            yield from _unknown(name)
        elif file.targets and name not in SHARED_VARIABLES:
            yield f"{name} has no effect: the configuration file names targets"
        elif not file.targets and file.has_objectives and name in OBJECTIVE_VARIABLES:
            yield f"{name} has no effect: the configuration file names objectives"


def _unknown(name: str) -> Iterator[str]:
    if name.startswith(PREFIX) and not name.startswith(OWN_PREFIX) and not _OF_KUBERNETES.fullmatch(name):
        nearest = get_close_matches(name, VARIABLES, n=1)
        hint = f" (did you mean {nearest[0]}?)" if nearest else ""
        yield f"{printable_line(name, LONGEST_NAME)} is no setting and has no effect{hint}"


def _check_credentials(given: list[str]) -> None:
    if len(given) != 1:
        raise ConfigError(
            source=SOURCE,
            found=" and ".join(given) or "no credential",
            allowed=f"exactly one of {', '.join(CREDENTIAL_VARIABLES)} (or --config.file with `targets`)",
        )


def _renamed(error: ConfigError, variables: Iterable[Variable]) -> ConfigError:
    """Return the error with the variable's name instead of the key."""
    names = {variable.key: variable.name for variable in variables}
    key = names.get(error.key or "", error.key)
    return ConfigError(error.problem, source=SOURCE, key=key, found=error.found, allowed=error.allowed)
