"""One line for each mistake: where, what was found, what is allowed."""

from typing import Annotated, ClassVar, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from exporter.validation import NotAllowedError, explain_violation

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
        if len(self.id) > 1:
            raise ValueError(f"the words of a check {self.id}")


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


def refuse(_wanted: type, _: object) -> object:
    """Take no value of a type of our own."""
    raise NotAllowedError


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
        ({"unit": "https://me:pa/s?s#@w@host/x"}, "unit: found 'https://…@host/x', allowed: a, b"),
        ({"unit": "me:pass@host"}, "unit: found '…@host', allowed: a, b"),
        ({"unit": "https://host/?token=pass"}, "unit: found 'https://host/?…', allowed: a, b"),
        ({"unit": "https://me:pa#ss"}, "unit: found 'https://me:pa#…', allowed: a, b"),
        ({"x` - at `$.inner": 1}, f"the top level: unknown key 'x` - at `$.inner', allowed: {KEYS}"),
        (
            {"inner": {"id": "a", "` - at `$ ": 1}},
            "inner: unknown key '` - at `$ ', allowed: the keys id, secret, plain",
        ),
        (
            {"list": [{"id": "a"}, {"id": "b", "y": 1}]},
            "list[1]: unknown key 'y', allowed: the keys id, secret, plain",
        ),
        ({"k\n\x1b[2J": 1}, f"the top level: unknown key 'k\\n\\x1b[2J', allowed: {KEYS}"),
        ({"unit": "` - at `$.inner"}, "unit: found '` - at `$.inner', allowed: a, b"),
        ({"inner": {"id": "` - at `$.list"}}, "inner: the words of a check ` - at `$.list"),
        ({"inner": {"id": "two\nlines"}}, r"inner: the words of a check two\nlines"),
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

    assert explain_violation(raised.value, document, Outer) == line


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"x": 1}, "Object contains unknown field `x`"),
        ({"inner": {"id": "a", "x": 1}}, "Object contains unknown field `x` - at `$.inner`"),
        ({"inner": {}}, "Object missing required field `id` - at `$.inner`"),
        ({"list": [{"id": "a"}, {}]}, "Object missing required field `id` - at `$.list[1]`"),
        ([], "Expected `object`, got `array`"),
        ({"number": 0}, "Expected `int` >= 1 - at `$.number`"),
        ({"unit": "c"}, "Invalid enum value 'c' - at `$.unit`"),
        ({"list": [{"id": 5}]}, "Expected `str`, got `int` - at `$.list[0].id`"),
        ({"words": ["one", 2]}, "Expected `str`, got `int` - at `$.words[1]`"),
        ({"inner": {"id": "bad"}}, "a word of its own - at `$.inner`"),
        ({"unit": "b", "flag": True}, "unit: b and flag are at odds"),
        ({"inner": {"id": "a", "plain": 5}}, " - at `$.inner.plain`"),
    ],
)
def test_what_msgspec_says(document: object, message: str) -> None:
    """An update of msgspec that words its messages differently fails here: ours are made from them."""
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(document, Outer, dec_hook=refuse)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        ({"inner": {"id": "bad"}}, ValueError),
        ({"inner": {"id": "a", "plain": 5}}, NotAllowedError),
        ({"number": 0}, type(None)),
        ({"x": 1}, type(None)),
    ],
)
def test_what_msgspec_keeps_of_a_check(document: object, cause: type) -> None:
    """The exception of a type's own check is the cause; msgspec's own complaints have none."""
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(document, Outer, dec_hook=refuse)

    assert type(raised.value.__cause__) is cause
