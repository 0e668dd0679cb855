"""Configuration files: what they hold, or one line on why they cannot be used."""

from pathlib import Path

import pytest
from msgspec import Struct

from exporter.errors import ConfigError
from exporter.validation import FilePath
from exporter.yaml_file import load_yaml_file


class Settings(Struct, forbid_unknown_fields=True):
    """A file with a path."""

    file: FilePath | None = None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a file that does not exist yet."""
    return tmp_path / "settings.yml"


def load(path: Path) -> Settings:
    """Load a file that the flag `--file` names."""
    return load_yaml_file(path, Settings, flag="--file")


@pytest.mark.parametrize("text", ["", "# nothing", "---", "null"])
def test_an_empty_file_has_no_keys(path: Path, text: str) -> None:
    """Every setting has its default."""
    path.write_text(text)

    assert load(path) == Settings()


def test_relative_paths_start_at_the_file_s_folder(path: Path) -> None:
    """As in Prometheus's own configuration."""
    path.write_text("file: certs/a.pem")

    assert load(path).file == path.parent / "certs" / "a.pem"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: \xff", "found bytes that are not UTF-8 at offset 3, allowed: YAML in UTF-8"),
        (b"file: a\nfile: b", "line 2, column 1: duplicate key 'file'"),
        (b"a: 1", "unknown key 'a', allowed: the keys file"),
        (b"file: 5", "file: found 5, allowed: the path of a file"),
    ],
)
def test_a_mistake_names_the_file(path: Path, content: bytes, problem: str) -> None:
    """Whether the file is not text, not YAML or has a setting that is not allowed."""
    path.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        load(path)

    assert str(raised.value) == f"{path}: {problem}"
    assert raised.value.source == str(path)


def test_a_file_that_cannot_be_read_names_the_flag(path: Path) -> None:
    """The user has to correct the command line."""
    with pytest.raises(ConfigError) as raised:
        load(path)

    assert str(raised.value) == f"--file: cannot read {path}: No such file or directory"


def test_a_check_sees_the_document_before_it_is_converted(path: Path) -> None:
    """Its error gets the file's name."""

    def check(document: object) -> None:
        raise ConfigError("is not supported", key=str(document))

    path.write_text("text")
    with pytest.raises(ConfigError) as raised:
        load_yaml_file(path, Settings, flag="--file", check=check)

    assert str(raised.value) == f"{path}: text: is not supported"
