"""One line for each mistake: where, what was found, what is allowed."""

from typing import Annotated, ClassVar, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from exporter.complaint import complaint

KEYS = "the keys number, unit, length, flag, words, inner, list"


class Hidden:
    """A type whose values are not to be shown."""

    SECRET: ClassVar = True


class Plain:
    """A type that says nothing of what it allows."""


class Inner(Struct, forbid_unknown_fields=True):
    """A block within the block."""

    id: str
    secret: Hidden | None = None
    plain: Plain | None = None

    def __post_init__(self) -> None:
        if self.id == "bad":
            raise ValueError("a word of its own")


class Outer(Struct, forbid_unknown_fields=True):
    """A block with all that the configuration has."""

    number: (
        Annotated[int, Meta(ge=1, extra_json_schema={"description": "a number from 1"})] | Literal["auto"]
    ) = 1
    unit: Literal["b", "a"] = "a"
    length: Annotated[str, Meta(min_length=2)] = "ab"
    flag: bool = False
    words: frozenset[str] = frozenset()
    inner: Inner | None = None
    list: tuple[Inner, ...] = ()

    def __post_init__(self) -> None:
        if self.unit == "b" and self.flag:
            raise ValueError("unit: b and flag are at odds")


def refuse(wanted: type, _: object) -> object:
    """Take no value of a type of our own."""
    raise ValueError("Expected `str`" if wanted is Hidden else "Invalid")


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ([], f"the top level: found a list, allowed: {KEYS}"),
        (
            "text",
            f"the top level: found a value of another type, allowed: {KEYS}",
        ),
        (
            {"x": 1},
            f"the top level: unknown key 'x', allowed: {KEYS}",
        ),
        ({"number": 0}, "number: found 0, allowed: a number from 1 or auto"),
        ({"number": "many"}, "number: found 'many', allowed: a number from 1 or auto"),
        ({"number": None}, "number: found nothing, allowed: a number from 1 or auto"),
        ({"unit": True}, "unit: found true, allowed: a, b"),
        ({"unit": "x" * 99}, f"unit: found '{'x' * 59}…, allowed: a, b"),
        ({"unit": "http://me:pass@host"}, "unit: found 'http://…@host', allowed: a, b"),
        ({"length": "a"}, "length: found 'a', allowed: text"),
        ({"flag": "on"}, "flag: found 'on', allowed: true or false"),
        ({"words": "one"}, "words: found a value of another type, allowed: a list"),
        ({"words": ["one", 2]}, "words[1]: found 2, allowed: text"),
        ({"inner": {}}, "inner: the key id is missing"),
        (
            {"inner": "a secret, perhaps"},
            "inner: found a value of another type, allowed: the keys id, secret, plain",
        ),
        ({"inner": {"id": "bad"}}, "inner: a word of its own"),
        (
            {"inner": {"id": "a", "secret": "x"}},
            "inner.secret: found a value of another type, allowed: Hidden",
        ),
        ({"inner": {"id": "a", "secret": {"x": 1}}}, "inner.secret: found a mapping, allowed: Hidden"),
        ({"inner": {"id": "a", "plain": 5}}, "inner.plain: found 5, allowed: Plain"),
        ({"list": [{"id": "a"}, {"id": 5}]}, "list[1].id: found 5, allowed: text"),
        ({"list": {"id": "a"}}, "list: found a mapping, allowed: a list"),
        ({"unit": "b", "flag": True}, "unit: b and flag are at odds"),
    ],
)
def test_each_mistake_is_one_line(document: object, line: str) -> None:
    """It names the path as one would look for it, and shows nothing where a secret may stand."""
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(document, Outer, dec_hook=refuse)

    assert complaint(raised.value, document, Outer) == line
