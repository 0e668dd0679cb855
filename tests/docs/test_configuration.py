"""docs/configuration.md: its example works, and its tables have every key and every variable."""

import re
from pathlib import Path
from typing import Final

import pytest
from msgspec import Struct

from exporter.config import Config, Target, load_config
from exporter.config.variables import VARIABLES
from tools.configuration_page import BLOCKS, configuration_page, meanings_of

PAGE: Final = configuration_page()
(EXAMPLE,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def load(folder: Path) -> Config:
    """Load the page's example."""
    path = folder / "exporter.yml"
    path.write_text(EXAMPLE, encoding="utf-8")
    return load_config(path, {})


def test_the_example_shows_the_defaults(tmp_path: Path) -> None:
    """It has every key but three credentials; only keys without a default have other values."""
    own = {"name", "api_key_file", "tls_config", "proxy_url", "expected_instances", "exclude", "max_backups"}
    (target,) = load(tmp_path).targets
    plain = Target(name=target.name, api_key_file=target.api_key_file)
    keys = set(Target.__struct_fields__)

    assert {key: getattr(target, key) for key in keys - own} == {
        key: getattr(plain, key) for key in keys - own
    }
    assert not [key for key in keys - {"api_key", "token", "token_file"} if f"{key}:" not in EXAMPLE]


def test_the_example_ends_with_the_default_objective(tmp_path: Path) -> None:
    """The last objective is the one that applies without any."""
    assert load(tmp_path).objectives[-1:] == Config().objectives


@pytest.mark.parametrize("block", [block for block, _ in BLOCKS.values()])
def test_every_key_is_explained(block: type[Struct]) -> None:
    """The docstring of a block explains each of its keys, and no other."""
    assert list(meanings_of(block)) == list(block.__struct_fields__)
    assert all(f"\n| `{key}` |" in PAGE for key in block.__struct_fields__)


def test_every_variable_is_in_one_row() -> None:
    """No variable is missing, and none sets two keys."""
    assert sorted(re.findall(r"^\|.* \| `(BYCLOUD_\w+)` \|", PAGE, re.MULTILINE)) == sorted(VARIABLES)
