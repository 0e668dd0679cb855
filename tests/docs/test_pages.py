"""Every page's configurations load, its queries parse, and the metrics that it names exist."""

import json
import re
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import _jsonnet  # type: ignore[import-untyped] # it has no types
import pytest
import yaml
from msgspec import Struct

from exporter.config import load_config
from exporter.config.variables import SHARED_VARIABLES
from exporter.errors import Reason
from tests.support.documented import PAGES, ROOT
from tests.support.programs import need
from tests.support.served import METRIC, served_names

DOCS: Final = ROOT / "docs"
ENVIRONMENT: Final = {"BYCLOUD_API_KEY": "id:secret"}


class Example(Struct, frozen=True):
    """A fenced block with its page."""

    page: Path
    text: str

    @property
    def keys(self) -> frozenset[str]:
        """The keys of a YAML document."""
        return frozenset(yaml.safe_load(self.text))


def examples(language: str) -> Iterator[Example]:
    """Yield every block of a language."""
    fence = re.compile(rf"^( *)```{language}\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    for page in PAGES:
        for _, text in fence.findall(page.read_text(encoding="utf-8")):
            yield Example(page, textwrap.dedent(text))


YAML: Final = tuple(examples("yaml"))
OWN: Final = [example for example in YAML if example.keys <= {"targets", "objectives"}]
SCRAPES: Final = [example for example in YAML if "scrape_configs" in example.keys]
WEB: Final = [example for example in YAML if "tls_server_config" in example.keys]
JSONNET: Final = tuple(examples("jsonnet"))
QUERIES: Final = tuple(examples("promql"))
each_page: Final = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def test_every_yaml_block_is_known() -> None:
    """Each is a configuration of the exporter, of Prometheus, or of the exporter-toolkit (test_schema.py)."""
    assert min(len(OWN), len(SCRAPES), len(WEB)) >= 1
    assert len(OWN) + len(SCRAPES) + len(WEB) == len(YAML)


@pytest.mark.parametrize("example", OWN, ids=lambda example: example.page.stem)
def test_configurations_load(example: Example, tmp_path: Path) -> None:
    """Every configuration of the exporter loads, those without targets with a key from the environment."""
    path = tmp_path / "exporter.yml"
    path.write_text(example.text, encoding="utf-8")

    assert load_config(path, ENVIRONMENT).targets


def test_prometheus_accepts_its_configurations(tmp_path: Path) -> None:
    """`promtool` accepts every scrape configuration, with the alert rules beside it."""
    (tmp_path / "alerts").symlink_to(ROOT / "alerts")
    paths = [tmp_path / f"{number}.yml" for number, _ in enumerate(SCRAPES)]
    for path, example in zip(paths, SCRAPES, strict=True):
        path.write_text(example.text, encoding="utf-8")
    command = [need("promtool"), "check", "config", "--syntax-only", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("example", SCRAPES, ids=lambda example: example.page.stem)
def test_prometheus_scrapes_the_port_that_is_served(example: Example) -> None:
    """Every scrape configuration uses the exporter's default port."""
    assert "localhost:10140" in example.text


def test_every_query_parses(tmp_path: Path) -> None:
    """`promtool` accepts each as the expression of a rule."""
    rules = [{"record": f"query:{number}", "expr": query.text} for number, query in enumerate(QUERIES)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "docs", "rules": rules}]}), encoding="utf-8")
    command = [need("promtool"), "check", "rules", "--lint=none", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert len(QUERIES) >= 8
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("example", JSONNET, ids=lambda example: example.page.stem)
def test_programs_in_jsonnet_print_rules(example: Example) -> None:
    """Each runs in the checkout, and prints groups of rules."""
    path = str(ROOT / "example.jsonnet")
    rules = yaml.safe_load(json.loads(_jsonnet.evaluate_snippet(path, example.text)))

    assert rules["groups"]


@each_page
def test_metrics_exist(page: Path) -> None:
    """The exporter serves every metric that a page names in full."""
    named = METRIC.findall(page.read_text(encoding="utf-8"))
    served = served_names() | {name.removesuffix("_bucket") for name in served_names()}

    assert {name for name in named if name.startswith("bycloud_") and not name.endswith("_")} <= served


def test_every_reason_is_explained() -> None:
    """docs/failures.md says what to look at for every reason of a failed walk."""
    page = (DOCS / "failures.md").read_text(encoding="utf-8")

    assert not [reason for reason in Reason if f"| `{reason}` |" not in page]


def test_the_variables_of_a_credential_are_explained() -> None:
    """docs/configuration.md names the variables of the credential and the address."""
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")

    assert not [name for name in SHARED_VARIABLES if f"`{name}`" not in page]


def test_no_table_is_in_two_places() -> None:
    """No row of a table is on two pages: one of them would link to the other."""
    pages: dict[str, set[str]] = {}
    for page in PAGES:
        for row in re.findall(r"^\| .{40,} \|$", page.read_text(encoding="utf-8"), re.MULTILINE):
            pages.setdefault(row, set()).add(page.name)

    assert not {row: names for row, names in pages.items() if len(names) > 1}
