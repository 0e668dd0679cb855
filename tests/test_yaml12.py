"""YAML 1.2: its scalars, unique keys, and errors that quote no value."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.yaml12 import parse_yaml

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2026-01-02", "2026-01-02"),
        ("0x1f", "0x1f"),
        ("=", "="),
        ("1e3", "1e3"),
        ("010", 10),
        ("-3", -3),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.5e3", 1500.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("'5'", "5"),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    """What YAML 1.1 reads as a boolean, a time or a date is text."""
    parsed = parse_yaml(text)

    assert parsed == value
    assert type(parsed) is type(value)


def test_merge_keys_are_keys() -> None:
    """YAML 1.2 has no `<<`."""
    assert parse_yaml("a: &a {b: 1}\nc: {<<: *a}") == {"a": {"b": 1}, "c": {"<<": {"b": 1}}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", "line 3, column 1: duplicate key 'a'"),
        ("12: x", "line 1, column 1: a key is not text"),
        ("api_key: {{ SECRET }}", "line 1, column 11: a key is not text"),
        ("? [a]\n: 1", "line 1, column 3: a key is not text"),
        ("api_key: *SECRET", "line 1, column 10: found undefined alias"),
        ("api_key: !SECRET x", "line 1, column 10: unsupported tag"),
        ("api_key: !SECRET!x y", "line 1, column 10: while parsing a node: found undefined tag handle"),
        ("a: &SECRET 1\nb: &SECRET 2", "line 2, column 4: found duplicate anchor: second occurrence"),
        (
            "[]\n---\n[]",
            "line 2, column 1: expected a single document in the stream: but found another document",
        ),
        ("a: 'x", "line 1, column 6: while scanning a quoted scalar: found unexpected end of stream"),
        ("\x00", "not YAML: unacceptable character #x0000: special characters are not allowed"),
    ],
)
def test_errors_name_the_place_and_quote_no_value(text: str, problem: str) -> None:
    """The value may be a secret."""
    with pytest.raises(ConfigError, match=f"^{re.escape(problem)}$"):
        parse_yaml(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 5000, r"line 1, column \d+: nested too deeply"),
        ("a: " + "9" * 5000, "line 1, column 4: an int with too many digits"),
        ('a: 1\nb: "\\Uffffffff"', "line 2, column 7: an escape or a number out of range"),
        ('"\\U00110000"', "line 1, column 4: an escape or a number out of range"),
    ],
)
def test_values_that_python_cannot_represent_are_refused(text: str, problem: str) -> None:
    """Python's limits of recursion, digits and characters raise no other exceptions."""
    with pytest.raises(ConfigError, match=f"^{problem}$"):
        parse_yaml(text)


@given(st.text("ab:{}[],&*!|>'\"#%@- \n\t\\0", max_size=30))
def test_any_text_is_parsed_or_refused_in_one_line(text: str) -> None:
    """No other exception than `ConfigError` is raised."""
    try:
        parse_yaml(text)
    except ConfigError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - either is right


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=8,
    )
)
def test_documents_that_pyyaml_writes_are_read(document: object) -> None:
    """PyYAML quotes each text that YAML 1.1 reads as something else, so both versions agree."""
    assert parse_yaml(yaml.safe_dump(document)) == document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!int '5'", 5),
        ("!!str 5", "5"),
        ("!!float 5.0", 5.0),
        ("!!seq [a]", ["a"]),
        ("!!map {a: b}", {"a": "b"}),
    ],
)
def test_a_tag_of_the_core_schema_is_read(text: str, value: object) -> None:
    """The value must match the tag."""
    assert parse_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("!!set {a}", "unsupported tag"),
        ("!!omap [a: 1]", "unsupported tag"),
        ("!!binary SECRET", "unsupported tag"),
        ("!!timestamp SECRET", "unsupported tag"),
        ("!!merge SECRET", "unsupported tag"),
        ("!!python/name:SECRET x", "unsupported tag"),
        ("!!float ''", "not a valid float"),
        ("!!float SECRET", "not a valid float"),
        ("!!int SECRET", "not a valid int"),
        ("!!bool maybe", "not a valid bool"),
        ("!!null SECRET", "not a valid null"),
        ("!!map SECRET", "expected a mapping node, but found scalar"),
        ("!!seq SECRET", "expected a sequence node, but found scalar"),
        ("!!str [SECRET]", "expected a scalar"),
        ("!!str {!!value x: SECRET}", "expected a scalar"),
    ],
)
def test_a_tag_is_not_trusted(text: str, problem: str) -> None:
    """An unknown tag, or one that the value does not match, is an error that does not quote the value."""
    with pytest.raises(ConfigError, match=f"^line 1, column 1: {problem}$"):
        parse_yaml(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (r'a: "\ud800"', "a lone surrogate, which is not a character"),
        (r'a: "\udc18\ud83d"', "a lone surrogate, which is not a character"),
        (r'a: "\0"', "a NUL character"),
    ],
)
def test_text_that_cannot_be_used_is_refused(text: str, problem: str) -> None:
    """A lone surrogate cannot be encoded, and no file's name has a NUL."""
    with pytest.raises(ConfigError, match=f"^line 1, column 4: {problem}$"):
        parse_yaml(text)


def test_a_pair_of_surrogates_is_one_character() -> None:
    """JSON is YAML, and JSON escapes such characters so."""
    assert parse_yaml(r'"\ud83d\udc18"') == "\U0001f418"
