"""YAML as its authors meant it in version 1.2: `on` is a word, `12:30` is text, a key stands once."""

import re
from collections.abc import Hashable
from typing import Any, Final

import yaml

_SCALARS: Final = {
    "tag:yaml.org,2002:null": (r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    "tag:yaml.org,2002:bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    "tag:yaml.org,2002:int": (r"^[-+]?[0-9]+$", list("-+0123456789")),
    "tag:yaml.org,2002:float": (
        r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$",
        list("-+.0123456789"),
    ),
}
"""The scalars that are not text, after the core schema: https://yaml.org/spec/1.2.2/#103-core-schema"""
_NAMED: Final = re.compile(r"\b(alias|anchor|tag|tag handle) ['\"].*")
"""What PyYAML quotes of the file: an unquoted secret may begin with `*`, `&` or `!`."""


class _StrictLoader(yaml.SafeLoader):
    """A `SafeLoader` whose plain scalars are YAML 1.2's, and whose mappings have each key once, as text."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's attribute, filled below

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - PyYAML's signature
    ) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str) or key in seen:
                problem = f"the key {key!r} stands twice" if isinstance(key, str) else "a key is not text"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_int(self, node: yaml.ScalarNode) -> int:
        """Read decimal digits as they stand: `010` is ten."""
        return int(self.construct_scalar(node))


for _tag, (_pattern, _first) in _SCALARS.items():
    _StrictLoader.add_implicit_resolver(_tag, re.compile(_pattern), _first)
_StrictLoader.add_constructor("tag:yaml.org,2002:int", _StrictLoader.construct_int)


def parse_yaml(text: str) -> object:
    """Parse one document; raise `ValueError` that names the line and quotes no value: it may be a secret."""
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506 - a SafeLoader's child
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        parts = (_NAMED.sub(r"\1", part) for part in (error.context, error.problem) if part)
        raise ValueError(f"{where}{': '.join(parts)}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f"not YAML: {str(error).splitlines()[0]}") from None
