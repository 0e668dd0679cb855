"""The environment variables: one for each scalar key of a target and of an objective, from the schema."""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, inspect

from exporter.config.objective import Objective
from exporter.config.target import CREDENTIAL_KEYS, Target
from exporter.errors import ConfigError
from exporter.printable import escape_unprintable
from exporter.yaml12 import parse_yaml

PREFIX: Final = "BYCLOUD_"
_NUMBERS: Final[frozenset[type[inspect.Type]]] = frozenset(
    {inspect.BoolType, inspect.IntType, inspect.FloatType}
)
_OF_THE_API: Final = frozenset({"url", *CREDENTIAL_KEYS})
"""Keys whose variable says whose address or credential it is: `BYCLOUD_API_URL`."""


class Variable(Struct, frozen=True):
    """An environment variable and the key that it sets.

    :param path: the key, after those of the blocks that it is in.
    """

    name: str
    path: tuple[str, ...]
    type: inspect.Type

    @property
    def key(self) -> str:
        """The key as errors name it."""
        return ".".join(self.path)

    def read(self, text: str) -> object:
        """Return the value as it would be in a file: a number or a boolean if the key takes one."""
        kinds = {type(leaf) for leaf in _leaves(self.type)}
        if inspect.CustomType in kinds:
            return text
        text = escape_unprintable(text)  # msgspec raises `UnicodeEncodeError` for bytes that are not UTF-8
        if not kinds & _NUMBERS:
            return text
        try:
            value = parse_yaml(text)
        except ConfigError:
            return text
        return value if isinstance(value, bool | int | float) else text


def variables_of(block: type[Struct]) -> dict[str, Variable]:
    """Return the variables of a block's scalar keys, by name."""
    return {variable.name: variable for variable in _variables(inspect.type_info(block), ())}


def document_of(environ: Mapping[str, str], variables: Mapping[str, Variable]) -> dict[str, object]:
    """Return what the variables set, as a file would have it; an empty variable counts as absent."""
    document: dict[str, object] = {}
    for name, variable in variables.items():
        if text := environ.get(name):
            *blocks, key = variable.path
            _block(document, blocks)[key] = variable.read(text)
    return document


def _variables(block: inspect.Type, blocks: tuple[str, ...]) -> Iterator[Variable]:
    assert isinstance(block, inspect.StructType)  # noqa: S101 - only structs have keys
    for field in block.fields:
        path = (*blocks, field.encode_name)
        if isinstance(field.type, inspect.StructType):
            yield from _variables(field.type, path)
        elif _is_scalar(field.type) and path != ("name",):
            yield Variable(_name(path), path, field.type)


def _name(path: tuple[str, ...]) -> str:
    words = "_".join(path)
    return PREFIX + (words if words not in _OF_THE_API else f"api_{words.removeprefix('api_')}").upper()


def _is_scalar(wanted: inspect.Type) -> bool:
    """Whether a value is one text, number or boolean, not a list or a mapping."""
    return not any(map(_has_parts, _leaves(wanted)))


def _has_parts(leaf: inspect.Type) -> bool:
    if isinstance(leaf, inspect.CustomType):
        return issubclass(leaf.cls, tuple)
    return isinstance(leaf, inspect.StructType | inspect.VarTupleType | inspect.FrozenSetType)


def _leaves(wanted: inspect.Type) -> Iterator[inspect.Type]:
    """Yield the options of a type, without what constrains them."""
    match wanted:
        case inspect.UnionType():
            for option in wanted.types:
                yield from _leaves(option)
        case inspect.Metadata():
            yield from _leaves(wanted.type)
        case _:
            yield wanted


def _block(document: dict[str, object], blocks: list[str]) -> dict[str, object]:
    for block in blocks:
        inner = document.setdefault(block, {})
        assert isinstance(inner, dict)  # noqa: S101 - no key is both a scalar and a block
        document = inner
    return document


def _without_pattern(variables: dict[str, Variable]) -> dict[str, Variable]:
    """Remove the variables of `match`: the objective of the environment applies to every database."""
    return {name: variable for name, variable in variables.items() if variable.path[0] != "match"}


CREDENTIAL_VARIABLES: Final = {_name((key,)): key for key in CREDENTIAL_KEYS}
"""The variables that hold a credential, and the key of a target that each one sets."""
SHARED_VARIABLES: Final = frozenset({*CREDENTIAL_VARIABLES, _name(("url",))})
"""Variables that the vendor's own tools may read too, so that a file beside them is no mistake."""
TARGET_VARIABLES: Final = variables_of(Target)
OBJECTIVE_VARIABLES: Final = _without_pattern(variables_of(Objective))
VARIABLES: Final = TARGET_VARIABLES | OBJECTIVE_VARIABLES
"""Every variable of the configuration, by name."""
