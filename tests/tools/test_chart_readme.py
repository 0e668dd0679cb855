"""The chart's README: values, types and descriptions come from the chart's own files."""

import json
from pathlib import Path

import pytest

from tools.chart_readme import chart_readme, descriptions

CHART = "name: x\ndescription: Y.\nkubeVersion: '>=1.25.0-0'\n"
VALUES = """\
# -- How many.
# Not a description.
count: 1
image:
  # -- Which one.
  tag: ""
# -- All of it.
limits: {memory: 1Gi}
# -- May be absent.
least:
"""
SCHEMA = {
    "definitions": {"map": {"type": "object"}},
    "properties": {
        "count": {"type": "integer"},
        "image": {"properties": {"tag": {"enum": ["", "a"]}}},
        "limits": {"$ref": "#/definitions/map"},
        "least": {"anyOf": [{"type": "null"}, {"type": "integer"}, {"type": "string"}]},
    },
}


def chart(folder: Path, values: str = VALUES) -> Path:
    """Write a chart."""
    (folder / "Chart.yaml").write_text(CHART, encoding="utf-8")
    (folder / "values.yaml").write_text(values, encoding="utf-8")
    (folder / "values.schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    return folder


def test_every_value_has_a_row(tmp_path: Path) -> None:
    """A row has the path, the type in words, the default and the description."""
    page = chart_readme(chart(tmp_path))

    assert page.endswith(
        "| `count` | integer | `1` | How many. |\n"
        '| `image.tag` | empty or `a` | `""` | Which one. |\n'
        '| `limits` | object | `{"memory": "1Gi"}` | All of it. |\n'
        "| `least` | integer or string | none | May be absent. |\n"
    )
    assert "# x\n\nY.\n\nNeeds Kubernetes 1.25.0 or newer." in page


def test_a_value_without_a_description_is_an_error(tmp_path: Path) -> None:
    """The error names the value."""
    with pytest.raises(ValueError, match=r"for image\.tag, other$"):
        chart_readme(chart(tmp_path, VALUES.replace("  # -- Which one.\n", "") + "other: 1\n"))


def test_a_description_belongs_to_the_next_key() -> None:
    """The path of a key follows from its indentation."""
    assert dict(descriptions(VALUES)) == {
        "count": "How many.",
        "image.tag": "Which one.",
        "limits": "All of it.",
        "least": "May be absent.",
    }
