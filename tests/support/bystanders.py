"""A pytest plugin (`-p tests.support.bystanders`): idle threads named like the exporter's own.

A test that counts threads by their names, and not those that it started, fails because of them.
"""

import ast
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

EACH: Final = 3
PLACES: Final = {"Thread": 2, "ThreadPoolExecutor": 1, "thread_starter": 0}
"""The position of the name among the arguments of each call that names threads."""
KEYWORDS: Final = {"name", "thread_name_prefix"}


def thread_names(source: str) -> Iterator[str]:
    """Give the names in a module's calls that name threads; for a pool, the name of its first thread."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (called := _last_name(node.func)) in PLACES:
            keywords = [keyword.value for keyword in node.keywords if keyword.arg in KEYWORDS]
            for argument in [*node.args[PLACES[called] :][:1], *keywords]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield f"{argument.value}_0" if called == "ThreadPoolExecutor" else argument.value


def _last_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


NAMES: Final = sorted(
    {
        name
        for file in (Path(__file__).parents[2] / "exporter").rglob("*.py")
        for name in thread_names(file.read_text(encoding="utf-8"))
    }
)


def pytest_configure() -> None:
    """Start the threads, which end with the process."""
    assert NAMES, "no thread of the exporter has a name"
    never = threading.Event()
    for name in NAMES * EACH:
        threading.Thread(target=never.wait, name=name, daemon=True).start()
