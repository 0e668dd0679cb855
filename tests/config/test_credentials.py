"""Secrets are read when they are needed and never shown."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.app.exporter import Exporter
from exporter.config import Config, Credential, Secret, Target, Url
from exporter.config.credentials import LARGEST
from exporter.errors import ConfigError, Reason


def test_only_reveal_returns_a_secret() -> None:
    """`str`, `repr` and format strings hide it; equal texts are equal secrets."""
    secret = Secret("id:hidden")

    assert secret.reveal() == "id:hidden"
    assert f"{secret} {secret!r}" == "Secret(…) Secret(…)"
    assert secret == Secret("id:hidden")
    assert secret != Secret("id:other")
    assert secret != "id:hidden"
    assert len({secret, Secret("id:hidden")}) == 1


@pytest.mark.parametrize(
    "text", ["", "hid den", "hidden\n", "hid\r\nden", "hid\tden", "hiddén", "hidden\x7f"]
)
def test_a_text_that_no_header_can_carry_is_refused(text: str) -> None:
    """The error does not show it."""
    with pytest.raises(ValueError, match=r"is empty|has a line break") as raised:
        Secret(text)

    assert "hid" not in str(raised.value)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_every_visible_ascii_text_is_a_secret(text: str) -> None:
    """An HTTP header can carry it."""
    assert Secret(text).reveal() == text


def test_a_configured_secret_needs_no_file() -> None:
    """Reading the credential returns it."""
    secret = Secret("id:hidden")

    assert Credential("token", secret, "prod").read() is secret


def test_a_rotated_file_is_read_again(tmp_path: Path) -> None:
    """A line break at the end of the file is not part of the secret."""
    path = tmp_path / "key"
    credential = Credential("api_key", path, "prod")
    path.write_text("id:old\n")
    old = credential.read()
    path.write_bytes(b"id:new\r\n")
    new = credential.read()

    assert (old.reveal(), new.reveal()) == ("id:old", "id:new")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"hidden\nhidden\n", "has a line break"),
        (b"hidden\xff", "has a line break"),
        (b"hidden " * LARGEST, "is larger than 64 KiB"),
        (b"id:" + b"x" * (LARGEST - 2), "is larger than 64 KiB"),
        (b"hidden", "is not an access key's ID and secret, joined by a colon"),
        (b"hidden:", "is not an access key's ID and secret, joined by a colon"),
        (b":hidden\n", "is not an access key's ID and secret, joined by a colon"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    """The error names target, setting and file, and does not show the content."""
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        Credential("api_key", path, "prod").read()

    assert str(raised.value).startswith(f"target prod: api_key_file: the content of {path} {problem}")
    assert str(raised.value).endswith(", allowed: one line, ACCESS_KEY_ID:SECRET_ACCESS_KEY")
    assert "hidden" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The error names the file and the reason."""
    with pytest.raises(ConfigError) as raised:
        Credential("token", tmp_path / "gone", "prod").read()

    assert str(raised.value) == (
        f"target prod: token_file: cannot read {tmp_path / 'gone'}: No such file or directory"
    )


def test_a_name_that_no_file_can_have_is_refused() -> None:
    """The environment of a program that embeds the exporter may hold one."""
    with pytest.raises(ConfigError) as raised:
        Credential("token", Path("a\0b"), "prod").read()

    assert str(raised.value) == r"target prod: token_file: no file can have the name 'a\x00b'"


def test_a_file_of_64_kib_is_read_whole(tmp_path: Path) -> None:
    """A larger file is refused, never cut."""
    path = tmp_path / "key"
    text = "id:" + "x" * (LARGEST - 3)
    path.write_text(text)

    assert Credential("api_key", path, "prod").read().reveal() == text


@pytest.mark.parametrize("content", ["token", "a.b.c", "with:colon"])
def test_a_token_may_have_any_form(tmp_path: Path, content: str) -> None:
    """Only an API key must have two parts."""
    path = tmp_path / "token"
    path.write_text(content)

    assert Credential("token", path, "prod").read().reveal() == content


def test_the_error_of_a_token_file_names_what_is_allowed(tmp_path: Path) -> None:
    """Any line is allowed."""
    path = tmp_path / "token"
    path.write_text("hidden hidden")
    with pytest.raises(ConfigError, match=r"carry, allowed: one line of text$"):
        Credential("token", path, "prod").read()


def test_a_file_that_becomes_bad_fails_the_walk_as_auth(tmp_path: Path) -> None:
    """No request is sent; the next walk reads the file again."""
    path = tmp_path / "key"
    path.write_text("id:hidden")
    target = Target(name="prod", url=Url("http://127.0.0.1:9"), api_key_file=path)
    with closing(Exporter(Config(targets=(target,)))) as exporter:
        path.write_text("hidden")
        outcome = exporter.runtimes["prod"].walker(10, instances_seconds=10)

    assert outcome.error is not None
    assert outcome.error.reason is Reason.AUTH
    assert outcome.stats.requests == 0
    assert str(outcome.error) == (
        f"target prod: api_key_file: the content of {path} is not an access key's ID and secret, joined by a"
        " colon, allowed: one line, ACCESS_KEY_ID:SECRET_ACCESS_KEY"
    )


def fifo(place: Path) -> Path:
    """Make a FIFO without a writer: opening it blocks forever."""
    os.mkfifo(place / "fifo")
    return place / "fifo"


def folder(place: Path) -> Path:
    """Return a folder."""
    return place


def link_to_fifo(place: Path) -> Path:
    """Make a link to a FIFO."""
    (place / "link").symlink_to(fifo(place))
    return place / "link"


def endless(_: Path) -> Path:
    """Return a device that never ends."""
    return Path("/dev/zero")


@pytest.mark.parametrize("make", [fifo, folder, link_to_fifo, endless])
def test_only_regular_files_are_read(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """Anything else may block forever."""
    path = make(tmp_path)
    with pytest.raises(ConfigError) as raised:
        Credential("token", path, "prod").read()

    assert str(raised.value) == f"target prod: token_file: cannot read {path}: not a regular file"


def test_a_refused_file_is_closed(tmp_path: Path) -> None:
    """A FIFO without a reader cannot be opened for writing without blocking."""
    path = fifo(tmp_path)
    with pytest.raises(ConfigError):
        Credential("token", path, "prod").read()

    with pytest.raises(OSError, match="No such device"):
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    """Kubernetes mounts secrets as a link to a file in a linked folder."""
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "key").write_text("id:hidden")
    (tmp_path / "key").symlink_to("..data/key")

    assert Credential("api_key", tmp_path / "key", "prod").read().reveal() == "id:hidden"
