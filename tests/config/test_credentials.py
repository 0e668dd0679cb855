"""Secrets: kept, and kept out of sight."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.app.exporter import Exporter
from exporter.config.credentials import LARGEST, Credential, Secret
from exporter.config.schema import Config, Target, Url
from exporter.errors import ConfigError, Reason


def test_a_secret_shows_itself_to_none_but_who_asks() -> None:
    """`str`, `repr` and format strings are blind; equal texts are equal secrets."""
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
def test_what_no_header_can_carry_is_refused_unseen(text: str) -> None:
    """The message does not hold it."""
    with pytest.raises(ValueError, match=r"is empty|holds a line break") as raised:
        Secret(text)

    assert "hid" not in str(raised.value)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_what_a_header_can_carry_is_taken(text: str) -> None:
    """Every visible ASCII character is allowed."""
    assert Secret(text).reveal() == text


def test_a_secret_of_its_own_needs_no_file() -> None:
    """A credential that is itself is returned as it is."""
    secret = Secret("id:hidden")

    assert Credential("token", secret, "prod").read() is secret


def test_a_rotated_file_just_works(tmp_path: Path) -> None:
    """The file is read at every use; a line break at its end belongs to the file, not to the secret."""
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
        (b"hidden\nhidden\n", "holds a line break"),
        (b"hidden\xff", "holds a line break"),
        (b"hidden " * LARGEST, "is larger than 64 KiB"),
        (b"id:" + b"x" * (LARGEST - 2), "is larger than 64 KiB"),
        (b"hidden", "is not an access key's ID and secret, joined by a colon"),
        (b"hidden:", "is not an access key's ID and secret, joined by a colon"),
        (b":hidden\n", "is not an access key's ID and secret, joined by a colon"),
    ],
)
def test_a_file_without_one_secret(tmp_path: Path, content: bytes, problem: str) -> None:
    """The message names target, setting and file, and shows none of the content."""
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        Credential("api_key", path, "prod").read()

    assert str(raised.value).startswith(f"target prod: api_key_file: the content of {path} {problem}")
    assert str(raised.value).endswith(", allowed: one line, ACCESS_KEY_ID:SECRET_ACCESS_KEY")
    assert "hidden" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The message says which and why."""
    with pytest.raises(ConfigError) as raised:
        Credential("token", tmp_path / "gone", "prod").read()

    assert str(raised.value) == (
        f"target prod: token_file: cannot read {tmp_path / 'gone'}: No such file or directory"
    )


def test_a_file_of_64_kib_is_read_whole(tmp_path: Path) -> None:
    """The limit refuses; it does not cut."""
    path = tmp_path / "key"
    text = "id:" + "x" * (LARGEST - 3)
    path.write_text(text)

    assert Credential("api_key", path, "prod").read().reveal() == text


@pytest.mark.parametrize("content", ["token", "a.b.c", "with:colon"])
def test_a_token_has_no_form(tmp_path: Path, content: str) -> None:
    """Only an access key has two parts."""
    path = tmp_path / "token"
    path.write_text(content)

    assert Credential("token", path, "prod").read().reveal() == content


def test_a_token_s_file_says_what_is_allowed(tmp_path: Path) -> None:
    """Any line is."""
    path = tmp_path / "token"
    path.write_text("hidden hidden")
    with pytest.raises(ConfigError, match=r"carry, allowed: one line of text$"):
        Credential("token", path, "prod").read()


def test_a_file_that_goes_bad_fails_the_walk_as_auth(tmp_path: Path) -> None:
    """Before any request; the target keeps running and reads the file again for the next walk."""
    path = tmp_path / "key"
    path.write_text("id:hidden")
    target = Target(name="prod", url=Url("http://127.0.0.1:9"), api_key_file=str(path))
    with Exporter(Config(targets=(target,))) as exporter:
        path.write_text("hidden")
        outcome = exporter.targets["prod"].walker(10, patience=10)

    assert outcome.error is not None
    assert outcome.error.reason is Reason.AUTH
    assert outcome.stats.requests == 0
    assert str(outcome.error) == (
        f"target prod: api_key_file: the content of {path} is not an access key's ID and secret, joined by a"
        " colon, allowed: one line, ACCESS_KEY_ID:SECRET_ACCESS_KEY"
    )


def fifo(place: Path) -> Path:
    """Make a FIFO that nobody writes to: to open it blocks for ever."""
    os.mkfifo(place / "fifo")
    return place / "fifo"


def folder(place: Path) -> Path:
    """Return a folder."""
    return place


def link_to_fifo(place: Path) -> Path:
    """Make what leads to a FIFO."""
    (place / "link").symlink_to(fifo(place))
    return place / "link"


def endless(_: Path) -> Path:
    """Return a device that has no end."""
    return Path("/dev/zero")


@pytest.mark.parametrize("make", [fifo, folder, link_to_fifo, endless])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """It might block for ever."""
    path = make(tmp_path)
    with pytest.raises(ConfigError) as raised:
        Credential("token", path, "prod").read()

    assert str(raised.value) == f"target prod: token_file: cannot read {path}: not a regular file"


def test_what_is_refused_is_closed(tmp_path: Path) -> None:
    """A FIFO that nobody has open for reading cannot be opened for writing without blocking."""
    path = fifo(tmp_path)
    with pytest.raises(ConfigError):
        Credential("token", path, "prod").read()

    with pytest.raises(OSError, match="No such device"):
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    """As Kubernetes mounts secrets: a link to a link to a file."""
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "key").write_text("id:hidden")
    (tmp_path / "key").symlink_to("..data/key")

    assert Credential("api_key", tmp_path / "key", "prod").read().reveal() == "id:hidden"
