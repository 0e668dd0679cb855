"""The README's examples work, and it documents every flag, command and reason."""

import io
import re
import shlex
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Final

import pytest
import yaml

from exporter.cli.parser import COMMANDS as SUBCOMMANDS
from exporter.cli.parser import parse
from exporter.config.load import load_config
from exporter.config.variables import SHARED_VARIABLES
from exporter.errors import Reason
from tests.support.served import METRIC, served_names

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
YAML: Final = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
CONFIGURATIONS: Final = [block for block in YAML if "targets" in yaml.safe_load(block)]
SCRAPES: Final = [block for block in YAML if "scrape_configs" in yaml.safe_load(block)]
COMMANDS: Final = re.findall(r"^(?:\$ )?bycloud-backup-exporter\b(.*)$", README, re.MULTILINE)
LINKS: Final = re.findall(r"\]\(([^)#:]+)\)", README)


def _help(*words: str) -> str:
    output = io.StringIO()
    with redirect_stdout(output), suppress(SystemExit):
        parse([*words, "--help"])
    return output.getvalue()


def _subcommands() -> list[str]:
    return re.findall(r"^    ([a-z]+)  ", _help(), re.MULTILINE)


def _flags() -> set[str]:
    pages = [_help(), *map(_help, _subcommands())]
    return {flag for page in pages for flag in re.findall(r"^  (?:-h, )?(--[a-z.-]+)", page, re.MULTILINE)}


def test_every_yaml_block_is_known() -> None:
    """Each YAML example is a configuration of the exporter or one of Prometheus."""
    assert len(CONFIGURATIONS) >= 1
    assert len(SCRAPES) >= 2
    assert len(CONFIGURATIONS) + len(SCRAPES) == len(YAML)


@pytest.mark.parametrize("block", CONFIGURATIONS)
def test_configurations_load(block: str, tmp_path: Path) -> None:
    """Every configuration in the README loads."""
    path = tmp_path / "exporter.yml"
    path.write_text(block, encoding="utf-8")

    config = load_config(path, {})

    assert config.targets


@pytest.mark.parametrize("block", SCRAPES)
def test_prometheus_scrapes_by_the_port_that_is_served(block: str) -> None:
    """Every scrape configuration uses the exporter's default port."""
    assert "localhost:10140" in block
    assert all("job_name" in entry for entry in yaml.safe_load(block)["scrape_configs"])


def test_the_variables_of_the_quick_start_are_explained() -> None:
    """The README names the variables of the credential and the address."""
    assert not [name for name in SHARED_VARIABLES if f"`{name}`" not in README]


def test_every_reason_is_explained() -> None:
    """The README says what to check for every reason of a failed walk."""
    assert not [reason for reason in Reason if f"| `{reason}` |" not in README]


def test_every_flag_is_explained() -> None:
    """The README's table has exactly the flags that exist."""
    named = set(re.findall(r"^\| `(--[a-z.-]+)", README, re.MULTILINE)) | {"--help"}

    assert named == _flags()


def test_every_command_is_explained() -> None:
    """The README's table has exactly the commands that exist, in their order."""
    assert _subcommands() == re.findall(
        r"^\| `bycloud-backup-exporter ([a-z]+)(?: [A-Z]+)?` \|", README, re.MULTILINE
    )


@pytest.mark.parametrize("arguments", COMMANDS)
def test_commands_parse(arguments: str) -> None:
    """The exporter accepts every command line in the README."""
    words = shlex.split(arguments, comments=True) or ["serve"]

    assert parse(words).command in SUBCOMMANDS


def test_metrics_exist() -> None:
    """The exporter serves every metric that the README names."""
    served = served_names() | {name.removesuffix("_bucket") for name in served_names()}
    named = {name for name in METRIC.findall(README) if not name.endswith("_")}

    assert named
    assert named <= served


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_somewhere(link: str) -> None:
    """Every file that the README links to exists."""
    assert (ROOT / link).exists()
