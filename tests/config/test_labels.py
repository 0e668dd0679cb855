"""The labels of objectives, and the mistakes in them."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import Config, Labels, Objective
from exporter.errors import ConfigError
from exporter.validation import convert

NAMES = "letters, digits and _, at most 60, not starting with a digit"
MANY: dict[str, str] = {f"label{number}": "x" for number in range(9)}


def document(*labels: object) -> dict[str, Any]:
    """Return a configuration with an objective for each of these labels."""
    return {"objectives": [{"labels": one} for one in labels]}


@pytest.mark.parametrize(
    ("labels", "line"),
    [
        ("team", "objectives[0].labels: found 'team', allowed: a mapping from names such as team to texts"),
        ([], "objectives[0].labels: found a list, allowed: a mapping from names such as team to texts"),
        ({"my-team": "x"}, f"objectives[0].labels: found the label name 'my-team', allowed: {NAMES}"),
        ({"1st": "x"}, f"objectives[0].labels: found the label name '1st', allowed: {NAMES}"),
        ({"": "x"}, f"objectives[0].labels: found the label name '', allowed: {NAMES}"),
        ({"é": "x"}, f"objectives[0].labels: found the label name 'é', allowed: {NAMES}"),
        ({"tier": 1}, "objectives[0].labels.tier: found 1, allowed: a text in quotes, not empty"),
        ({"tier": ""}, "objectives[0].labels.tier: found '', allowed: a text in quotes, not empty"),
        ({"tier": None}, "objectives[0].labels.tier: found nothing, allowed: a text in quotes, not empty"),
        (MANY, "objectives[0].labels: found 9 labels, allowed: at most 8"),
    ],
)
def test_a_mistake_is_one_line(labels: object, line: str) -> None:
    """The line names the key, what was found and what is allowed."""
    with pytest.raises(ConfigError) as raised:
        convert(document(labels), Config)

    assert str(raised.value) == line


def test_the_labels_of_all_objectives_together_are_limited() -> None:
    """Each database's series has the labels of every objective; a repeated name counts once."""
    first, second = dict(list(MANY.items())[:5]), dict(list(MANY.items())[3:])
    with pytest.raises(ConfigError) as raised:
        convert(document(first, second), Config)

    assert str(raised.value) == (
        "objectives: found 9 names of labels, allowed: at most 8 in all objectives together"
    )
    assert convert(document(first, first), Config).objectives[0].labels == Labels(sorted(first.items()))


def test_labels_are_sorted_by_name() -> None:
    """Two objectives with the same labels are equal, whatever their order in the file."""
    one = convert(document({"team": "a", "cost": "b"}), Config).objectives

    assert one == (Objective(labels=Labels((("cost", "b"), ("team", "a")))),)


@given(st.dictionaries(st.text(max_size=4) | st.integers(), st.text(max_size=4) | st.none(), max_size=9))
def test_accepted_labels_are_always_valid_in_prometheus(labels: dict[object, object]) -> None:
    """Any mapping is accepted, or refused with one line."""
    try:
        accepted = Labels.parse(labels)
    except ConfigError as error:
        assert str(error).isprintable()  # noqa: PT017 - either is right
    else:
        assert all(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name) and value for name, value in accepted)
