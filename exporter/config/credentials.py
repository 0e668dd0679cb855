"""The secret that opens the API: kept out of every text, read anew from its file at every walk."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, ClassVar, Final, Literal

from msgspec import Struct

from exporter.errors import ConfigError

LARGEST: Final = 64 * 1024  # bytes of a secret's file; more is some other file
API_KEY_FORM: Final = "ACCESS_KEY_ID:SECRET_ACCESS_KEY"


class Secret:
    """A text that never shows itself. `reveal()` is the only way to it."""

    ALLOWED: ClassVar = "text"
    SECRET: ClassVar = True
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Take what an HTTP header can carry; raise `ValueError`, whose message does not hold the text."""
        if not text:
            raise ValueError("is empty")
        if not (text.isascii() and text.isprintable()) or " " in text:
            raise ValueError("holds a line break, a space or another character that no HTTP header can carry")
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"


def check_api_key(secret: Secret) -> None:
    """Raise `ValueError` unless it is an access key's id and its secret; the message holds neither."""
    key_id, _, key = secret.reveal().partition(":")
    if not (key_id and key):
        raise ValueError("is not an access key's ID and secret, joined by a colon")


class Credential(Struct, frozen=True):
    """Where the secret comes from: itself, or a file, which the setting `<kind>_file` of `target` names."""

    kind: Literal["api_key", "token"]
    source: Secret | Path
    target: str

    def read(self) -> Secret:
        """Return the secret as it is now; raise `ConfigError`."""
        return self.source if isinstance(self.source, Secret) else self._read_file(self.source)

    @property
    def place(self) -> str:
        """The setting that names the file, for error messages."""
        return f"target {self.target}: {self.kind}_file"

    def _read_file(self, path: Path) -> Secret:
        try:
            with _open_regular(path) as file:
                return self._checked(file.read(LARGEST + 1))
        except OSError as error:
            raise ConfigError(f"{self.place}: cannot read {path}: {error.strerror}") from None
        except ValueError as error:
            form = f"one line, {API_KEY_FORM}" if self.kind == "api_key" else "one line of text"
            problem = f"the content of {path} {error}, allowed: {form}"
            raise ConfigError(f"{self.place}: {problem}") from None

    def _checked(self, content: bytes) -> Secret:
        if len(content) > LARGEST:
            raise ValueError(f"is larger than {LARGEST // 1024} KiB")
        secret = Secret(content.decode("ascii", "replace").strip("\r\n"))
        if self.kind == "api_key":
            check_api_key(secret)
        return secret


def _open_regular(path: Path) -> BinaryIO:
    """Open a regular file; anything else may block for ever, as a FIFO without a writer does."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file")
