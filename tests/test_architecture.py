"""The layers: a file imports from lower ranks only, and few know the outer libraries."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import exporter

HOME = Path(exporter.__file__).parent
RANKS = (
    ("printable",),
    ("headers", "redaction"),
    ("rate_headers",),
    (
        "bcrypt_thread",
        "client_certificates",
        "clock",
        "durations",
        "errors",
        "exposition",
        "limits",
        "login_queue",
        "networks",
        "model",
        "negotiation",
        "notify",
        "refusals",
        "response_headers",
        "pacer",
        "request_ledger",
        "threads",
        "watched_files",
        "waiting",
        "version",
    ),
    (
        "access_log",
        "budget",
        "cohorts",
        "complaint",
        "credentials",
        "cutting",
        "decode",
        "discovery",
        "hangups",
        "interning",
        "passwords",
        "renders",
        "slots",
        "strict_yaml",
    ),
    ("boundaries", "walker"),
    ("chains", "config", "prefetch", "summary", "web_config"),
    ("client", "config_file", "doubts", "families", "instruments", "recovery", "tls"),
    ("collector", "reload", "risk", "running_walk", "state", "web_file"),
    ("instance_list",),
    ("target_walk",),
    ("check", "walk_log"),
    ("scrape",),
    ("landing", "report"),
    ("gate", "web"),
    ("assembly", "demo", "intake", "logs", "protocol"),
    ("connections",),
    ("server",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
RANK = {module: rank for rank, modules in enumerate(RANKS) for module in modules}
CLIENT = ("resolver", "watchdog", "transport", "api", "__init__")
"""The package's own order, each from those before it."""

ALLOWED = {
    "requests": {"client"},
    "urllib3": {"client"},
    "prometheus_client": {"collector", "exposition", "families", "instruments", "web"},
    "starlette": {
        "access_log",
        "assembly",
        "gate",
        "intake",
        "protocol",
        "response_headers",
        "server",
        "web",
    },
    "uvicorn": {"protocol", "server"},
    "h11": {"protocol"},
    "bcrypt": {"passwords", "web_config"},
    "yaml": {"strict_yaml"},
    "jinja2": {"landing"},
    "tenacity": {"client"},
}
FILES = sorted(HOME.rglob("*.py"))


def place(file: Path) -> tuple[str, ...]:
    """Return a file's module below `exporter`, without `__init__`."""
    return file.relative_to(HOME).with_suffix("").parts


def imports(file: Path) -> Iterator[str]:
    """Name every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            yield node.module or ""


def own_imports(file: Path) -> Iterator[tuple[str, ...]]:
    """Name the modules of this package that a file imports, below `exporter`; its version has no name."""
    for name in imports(file):
        first, *rest = name.split(".")
        if first == "exporter" and rest:
            yield tuple(rest)


@pytest.mark.parametrize("file", FILES, ids=lambda file: ".".join(place(file)))
def test_imports_come_from_lower_ranks(file: Path) -> None:
    """Never from a peer; the embedded API knows the model alone, and only the demo knows it."""
    module, *rest = place(file)
    for imported in own_imports(file):
        if module == "simulator":
            assert imported[0] in {"simulator", "model"}
        elif imported[0] == "simulator":
            assert module == "demo"
        elif module == imported[0] == "client":
            assert CLIENT.index(imported[-1]) < CLIENT.index(rest[0])
        elif module != "__init__":
            assert RANK[imported[0]] < RANK[module], f"{module} imports {imported[0]}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: ".".join(place(file)))
def test_outer_libraries_stay_in_their_rooms(file: Path) -> None:
    """Each is known to few, so that it could be replaced there."""
    for name in imports(file):
        library = name.partition(".")[0]
        assert place(file)[0] in ALLOWED.get(library, {place(file)[0]}), library


def test_every_module_has_its_rank() -> None:
    """A new one is put into the table; one that is gone, out of it."""
    modules = {place(file)[0] for file in FILES} - {"__init__", "simulator"}

    assert modules == set(RANK)
    assert {place(file)[1] for file in FILES if place(file)[0] == "client"} == set(CLIENT)
