"""Any file and any environment is accepted or refused in one printable line: a fuzz of text and YAML."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.config import (
    Config,
    Exclusion,
    ExpectedInstance,
    Match,
    Objective,
    Statuses,
    Target,
    TlsConfig,
    load_config,
)
from exporter.config.load import load_with_warnings
from exporter.config.variables import VARIABLES
from exporter.errors import ConfigError
from exporter.server.schema import WebConfig, load_web_config

SECRET: Final = "hiddenSecret"
CORE: Final = ("str", "int", "float", "bool", "null", "map", "seq")
OTHER: Final = ("set", "omap", "pairs", "binary", "timestamp", "merge", "value", "python/name:os.system")
TAGS: Final = (*(f"!!{tag}" for tag in (*CORE, *OTHER)), "!", "!x", "!<y>")
KEYS: Final = (
    *(
        key
        for block in (Config, Target, TlsConfig, ExpectedInstance, Exclusion, Match, Objective, Statuses)
        for key in block.__struct_fields__
    ),
    "tls_server_config",
    "http_server_config",
    "basic_auth_users",
    "client_auth_type",
    "min_version",
    "headers",
    "Strict-Transport-Security",
    "X-Frame-Options",
    "` - at `$ ",
    "x` - at `$.targets[0]",
)
VALUES: Final = (
    "",
    "maybe",
    "auto",
    "on",
    "30s",
    "1d",
    "0",
    "-1",
    "1.5",
    "9" * 30,
    "9" * 5000,
    ".inf",
    "1e999",
    "id:hiddenSecret",
    "https://host",
    "http://[::1",
    "2026-01-02",
    "TLS12",
    "nosniff",
    "no",
    r'"\Uffffffff"',
    r'"\ud800"',
    r'"\ud83d\udc18"',
    r'"\0"',
    r'"\u2028"',
    r'"\e[2J"',
    "'$2b$04$abcdefghijklmnopqrstuuY0Y0Y0Y0Y0Y0Y0Y0Y0Y0Y0Y0Y0Y0Y0Y'",
)
PIECES: Final = (
    *KEYS,
    *VALUES,
    *TAGS,
    *"{}[],:&*!|>'\"#%@-?` \t\n\\",
    "&a ",
    "*a",
    ": ",
    "- ",
    "\n  ",
    "---\n",
    "\x00",
    "\x85",
    "\ufeff",
    "\u2029",
    "\U0001f418",
)


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'


SCALARS: Final = (
    st.sampled_from(VALUES)
    | st.text(st.characters(codec=None), max_size=8).map(_quoted)
    | st.sampled_from(KEYS)
)
TAGGED: Final = st.tuples(st.sampled_from(("", "", "", *(f"{tag} " for tag in TAGS))), SCALARS).map("".join)
NAMED: Final = st.sampled_from(KEYS).map(_quoted) | st.text(st.characters(codec=None), max_size=8).map(
    _quoted
)


def _flow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    pairs = st.tuples(NAMED, inner).map(": ".join)
    return lists | st.lists(pairs, max_size=3).map(lambda items: f"{{{', '.join(items)}}}")


STRUCTURED: Final = st.recursive(TAGGED, _flow, max_leaves=8)
TARGET: Final = st.lists(
    st.tuples(st.sampled_from(KEYS).map(_quoted), STRUCTURED).map(": ".join), max_size=3
).map(lambda pairs: f"targets: [{{{', '.join(['name: a', 'token: hiddenSecret', *pairs])}}}]")
BLOCK: Final = st.tuples(st.sampled_from(KEYS), STRUCTURED).map(": ".join)
TEXTS: Final = st.lists(st.sampled_from(PIECES), max_size=15).map("".join) | STRUCTURED | BLOCK | TARGET


def outcome(load: Callable[[Path], Config | WebConfig], content: bytes) -> str | None:
    """Load a file with this content; return the error, or `None` if it is accepted."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file.yml"
        path.write_bytes(content)
        try:
            load(path)
        except ConfigError as error:
            return str(error)
        return None


LOADERS: Final = [lambda path: load_config(path, {"BYCLOUD_API_TOKEN": SECRET}), load_web_config]


@pytest.mark.parametrize("load", LOADERS, ids=["config", "web"])
@settings(deadline=None)  # the machine may be busy
@given(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=40))
@example(rb'"\Uffffffff"')
@example(b"!!set {a}")
@example(b"!!timestamp x")
@example(b'!!float ""')
@example(b"!!bool maybe")
@example(b"!!map x")
@example(b"!!int hiddenSecret")
@example(b"[" * 5_000)
@example(b"- " * 5_000)
@example(b'"` - at `$ ": 1')
@example(b'"x` - at `$.targets[0]": 1')
@example(b'"x` - at `$.targets[0]`": 1')
@example(b"targets: [{name: a, size_unit: '` - at `$.x`'}]")
@example(rb'targets: [{name: "\ud800", token: hiddenSecret}]')
@example(rb'targets: [{name: "\0", token_file: "\0"}]')
@example(rb'tls_server_config: {cert_file: "\0", key_file: k}')
@example(rb'basic_auth_users: {"\ud800": x}')
@example(rb'basic_auth_users: {"a\n\e[2J": x}')
@example(b"objectives: [{labels: {9: x}}]")
@example(b"objectives: [{labels: [a]}]")
@example(b"objectives: [{max_chain: 0, max_gap: 1}]")
@example(b"targets: [{name: a, token: t, exclude: [{}]}]")
@example(b"targets: [{name: a, token: t, exclude: {backup_name: x}}]")
@example(b"&a [*a]")
@example(b"targets: &a [{name: *a}]")
@example(b"\x00")
@example(b"\xed\xa0\x80")
def test_every_file_is_accepted_or_refused_in_one_printable_line(
    load: Callable[[Path], Config | WebConfig], content: bytes
) -> None:
    """No other exception is raised, and the line has no secret."""
    line = outcome(load, content)

    if line is not None:
        assert line.isprintable()
        assert len(line) < 1500
        assert SECRET not in line or b"token: hiddenSecret" not in content


@settings(deadline=None)  # the same
@given(
    st.dictionaries(
        st.sampled_from([*VARIABLES, "BYCLOUD_OTHER", "BYCLOUD_\udcff"]),
        st.text(st.characters(codec=None), max_size=12) | st.sampled_from(VALUES),
    )
)
@example({"BYCLOUD_API_TOKEN": SECRET, "BYCLOUD_PAGE_SIZE": "9" * 5000})
@example({"BYCLOUD_API_TOKEN": SECRET, "BYCLOUD_PAGE_SIZE": "&a [*a]"})
@example({"BYCLOUD_API_TOKEN": SECRET, "BYCLOUD_MAX_CHAIN": "\udcff"})
def test_every_environment_is_accepted_or_refused_in_printable_lines(environ: dict[str, str]) -> None:
    """Variables may hold bytes that are not UTF-8, which Python reads as lone surrogates."""
    try:
        lines = load_with_warnings(None, environ).warnings
    except ConfigError as error:
        lines = (str(error),)

    secrets = {"BYCLOUD_API_KEY", "BYCLOUD_API_TOKEN"}  # all other values may be shown, also a file's path
    shown = {value for name, value in environ.items() if name not in secrets}
    assert all(line.isprintable() and len(line) < 1500 for line in lines)
    assert any(SECRET in value for value in shown) or not any(SECRET in line for line in lines)
