"""Every module is named where a reader looks for it: in its package's docstring."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = sorted(path.parent for path in (ROOT / "exporter").glob("*/**/__init__.py"))


def modules_of(package: Path) -> set[str]:
    """Return the names of a package's modules and packages."""
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_package_names_its_modules(package: Path) -> None:
    """The docstring of a package names each of its modules."""
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""

    assert modules_of(package) <= set(re.findall(r"`(\w+)`", docstring))


def test_the_architecture_names_the_shared_modules() -> None:
    """docs/architecture.md names each package, and each module that belongs to none."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = "\n".join(line for line in text.splitlines() if line.startswith("| `"))

    assert modules_of(ROOT / "exporter") <= set(re.findall(r"`(\w+)`", table))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_the_named_modules_exist(page: str) -> None:
    """Every path of a module in the tables for contributors exists, below `exporter/` or the root."""
    rows = [line for line in (ROOT / page).read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    paths = {path for row in rows for path in re.findall(r"`(\w+(?:/\w+)*/\w+\.py)`", row)}

    assert paths
    assert not {
        path for path in paths if not any((top / path).is_file() for top in (ROOT, ROOT / "exporter"))
    }
