"""YAML 1.2's core schema: `on` and `12:30` are text, and each key of a mapping is text and unique."""

import re
from collections.abc import Callable, Hashable
from typing import Any, ClassVar, Final, NamedTuple, NoReturn

import yaml

from exporter.errors import ConfigError

_PREFIX: Final = "tag:yaml.org,2002:"


class _Scalar(NamedTuple):
    """A kind of scalar that is not text: its whole pattern, the characters it may begin with, its parser."""

    pattern: re.Pattern[str]
    first: list[str]
    parse: Callable[[str], object]


_SCALARS: Final = {
    "null": _Scalar(re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""], lambda _: None),
    "bool": _Scalar(
        re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
        list("tTfF"),
        lambda text: text.lower() == "true",
    ),
    "int": _Scalar(re.compile(r"[-+]?[0-9]+\Z"), list("-+0123456789"), int),
    "float": _Scalar(
        re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?\Z"),
        list("-+.0123456789"),
        float,
    ),
}
"""After https://yaml.org/spec/1.2.2/#103-core-schema, without octal and hexadecimal numbers, `.inf` and
`.nan`. `010` is ten.
"""
_NAMED: Final = re.compile(r"\b(alias|anchor|tag|tag handle) ['\"].*")
"""Where PyYAML's errors quote the file: an unquoted secret may begin with `*`, `&` or `!`."""
_LONGEST_KEY: Final = 60  # characters of a key that an error shows


class _StrictLoader(yaml.SafeLoader):
    """A `SafeLoader` that accepts only the core schema's tags: PyYAML's own constructors trust a tag."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's attribute, filled below
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}  # PyYAML's attribute, filled below

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - PyYAML's signature
    ) -> dict[Hashable, Any]:
        if isinstance(node, yaml.MappingNode):  # a tag may claim that any node is one: PyYAML refuses those
            self._check_keys(node)
        return super().construct_mapping(node, deep)

    def _check_keys(self, node: yaml.MappingNode) -> None:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                _refuse("a key is not text", key_node)
            if key in seen:
                _refuse(f"duplicate key {key[:_LONGEST_KEY]!r}", key_node)
            seen.add(key)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        """Read a text that can be encoded as UTF-8 and passed to the operating system."""
        if not isinstance(node, yaml.ScalarNode):
            _refuse("expected a scalar", node)
        text = _join_surrogates(node)
        if "\0" in text:
            _refuse("a NUL character", node)
        return text

    def construct_undefined(self, node: yaml.Node) -> NoReturn:
        """Refuse any other tag, without showing it."""
        _refuse("unsupported tag", node)

    def construct_plain(self, node: yaml.ScalarNode) -> object:
        """Read a null, a boolean or a number: a tag may claim that any text is one."""
        kind = node.tag.removeprefix(_PREFIX)
        text = self.construct_scalar(node)
        if not _SCALARS[kind].pattern.match(text):
            _refuse(f"not a valid {kind}", node)
        try:
            return _SCALARS[kind].parse(text)
        except ValueError:  # an integer beyond Python's limit of digits
            _refuse("an int with too many digits", node)


for _kind, _scalar in _SCALARS.items():
    _StrictLoader.add_implicit_resolver(_PREFIX + _kind, _scalar.pattern, _scalar.first)
_StrictLoader.yaml_constructors = {
    **dict.fromkeys((_PREFIX + kind for kind in _SCALARS), _StrictLoader.construct_plain),
    f"{_PREFIX}str": _StrictLoader.construct_scalar,
    f"{_PREFIX}seq": _StrictLoader.construct_yaml_seq,
    f"{_PREFIX}map": _StrictLoader.construct_yaml_map,
    None: _StrictLoader.construct_undefined,
}


def parse_yaml(text: str) -> object:
    """Parse one document.

    :raises ConfigError: that names line and column, and quotes no value, which may be a secret.
    """
    try:
        loader = _StrictLoader(text)
    except yaml.YAMLError as error:  # a character that YAML does not allow in a file
        raise ConfigError(f"not YAML: {str(error).splitlines()[0]}") from None
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        problems = (_NAMED.sub(r"\1", part) for part in (error.context, error.problem) if part)
        raise ConfigError(_place(error.problem_mark or error.context_mark) + ": ".join(problems)) from None
    except RecursionError:
        raise ConfigError(f"{_place(loader.get_mark())}nested too deeply") from None
    except (ValueError, OverflowError):  # PyYAML passes an escape's number to `chr` unchecked
        raise ConfigError(f"{_place(loader.get_mark())}an escape or a number out of range") from None


def _join_surrogates(node: yaml.ScalarNode) -> str:
    r"""Join two escapes such as `"\ud83d\udc18"`: JSON writes a character beyond 16 bits so."""
    try:
        text: str = node.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        _refuse("a lone surrogate, which is not a character", node)
    return text


def _refuse(problem: str, node: yaml.Node) -> NoReturn:
    raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _place(mark: Any) -> str:  # noqa: ANN401 - PyYAML's marks have no public type
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
