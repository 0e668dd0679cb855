"""One line for each mistake, with its parts as attributes."""

from typing import Annotated, ClassVar, Literal, Self

import msgspec
import pytest
from msgspec import Meta, Struct

from exporter.errors import ConfigError
from exporter.validation import NotAllowedError, convert

KEYS = "the keys number, unit, length, flag, words, inner, list"


class Plain:
    """A type that does not say what it allows."""

    @classmethod
    def parse(cls, _: object) -> Self:
        """Accept no value."""
        raise NotAllowedError


class Hidden(Plain):
    """A type whose values must not be shown."""

    SECRET: ClassVar = True


class Inner(Struct, forbid_unknown_fields=True):
    """A block inside another."""

    id: str
    secret: Hidden | None = None
    plain: Plain | None = None

    def __post_init__(self) -> None:
        if self.id == "bad":
            raise ConfigError("a problem of its own", key="id", allowed="good")
        if len(self.id) > 1:
            raise ConfigError(f"the words of a check {self.id}")


class Outer(Struct, forbid_unknown_fields=True):
    """A block with every kind of setting."""

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
            raise ConfigError("b contradicts flag", key="unit")


def refuse(_wanted: type, _: object) -> object:
    """Accept no value of a type that msgspec does not know."""
    raise NotAllowedError


def test_an_error_carries_its_parts() -> None:
    """Code that needs the key or the value need not read the text."""
    with pytest.raises(ConfigError) as raised:
        convert({"list": [{"id": "a"}], "number": 0}, Outer, source="file.yml")
    with pytest.raises(ConfigError) as nested:
        convert({"list": [{"id": "a"}, {"id": "bad"}]}, Outer)
    with pytest.raises(ConfigError) as unknown:
        convert({"x": 1}, Outer)

    error = raised.value
    assert (error.source, error.key, error.found, error.allowed) == (
        "file.yml",
        "number",
        "0",
        "a number from 1 or auto",
    )
    assert (nested.value.key, nested.value.problem) == ("list[1].id", "a problem of its own")
    assert (unknown.value.key, unknown.value.found, unknown.value.allowed) == (None, "'x'", KEYS)


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ([], f"found a list, allowed: {KEYS}"),
        (
            "text",
            f"found a value of another type, allowed: {KEYS}",
        ),
        (
            {"x": 1},
            f"unknown key 'x', allowed: {KEYS}",
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
        ({"x` - at `$.inner": 1}, f"unknown key 'x` - at `$.inner', allowed: {KEYS}"),
        (
            {"inner": {"id": "a", "` - at `$ ": 1}},
            "inner: unknown key '` - at `$ ', allowed: the keys id, secret, plain",
        ),
        (
            {"list": [{"id": "a"}, {"id": "b", "y": 1}]},
            "list[1]: unknown key 'y', allowed: the keys id, secret, plain",
        ),
        ({"k\n\x1b[2J": 1}, f"unknown key 'k\\n\\x1b[2J', allowed: {KEYS}"),
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
        ({"inner": {"id": "bad"}}, "inner.id: a problem of its own, allowed: good"),
        (
            {"inner": {"id": "a", "secret": "x"}},
            "inner.secret: found a value of another type, allowed: Hidden",
        ),
        ({"inner": {"id": "a", "secret": {"x": 1}}}, "inner.secret: found a mapping, allowed: Hidden"),
        ({"inner": {"id": "a", "plain": 5}}, "inner.plain: found 5, allowed: Plain"),
        ({"list": [{"id": "a"}, {"id": 5}]}, "list[1].id: found 5, allowed: text"),
        ({"list": {"id": "a"}}, "list: found a mapping, allowed: a list"),
        ({"unit": "b", "flag": True}, "unit: b contradicts flag"),
    ],
)
def test_each_mistake_is_one_line(document: object, line: str) -> None:
    """The line names the path to the setting, and shows no value where a secret may be."""
    with pytest.raises(ConfigError) as raised:
        convert(document, Outer, source="file.yml")

    assert str(raised.value) == f"file.yml: {line}"
    assert raised.value.__suppress_context__


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
        ({"inner": {"id": "bad"}}, "id: a problem of its own, allowed: good - at `$.inner`"),
        ({"unit": "b", "flag": True}, "unit: b contradicts flag"),
        ({"inner": {"id": "a", "plain": 5}}, " - at `$.inner.plain`"),
    ],
)
def test_msgspec_words_its_messages_as_expected(document: object, message: str) -> None:
    """Errors are made from these messages, so an update that changes them must fail here."""
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(document, Outer, dec_hook=refuse)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        ({"inner": {"id": "bad"}}, ConfigError),
        ({"inner": {"id": "a", "plain": 5}}, NotAllowedError),
        ({"number": 0}, type(None)),
        ({"x": 1}, type(None)),
    ],
)
def test_msgspec_keeps_the_exception_of_a_check(document: object, cause: type) -> None:
    """An error of a type's own check is the cause; msgspec's own errors have none."""
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(document, Outer, dec_hook=refuse)

    assert type(raised.value.__cause__) is cause
