"""The secret that authenticates to the API: never shown, and re-read from its file at every walk."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, ClassVar, Final, Literal, Self

from msgspec import Struct

from exporter.errors import ConfigError
from exporter.validation import NotAllowedError

LARGEST: Final = 64 * 1024  # bytes of a secret's file; a larger file holds something else
API_KEY_FORM: Final = "ACCESS_KEY_ID:SECRET_ACCESS_KEY"


class Secret:
    """A text that is never shown; only `reveal()` returns it.

    :param text: what an HTTP header can carry: visible ASCII characters.
    :raises ConfigError: if the text is empty or has other characters. The message does not hold the text.
    """

    ALLOWED: ClassVar = "text"
    SECRET: ClassVar = True
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not text:
            raise ConfigError("is empty")
        if not (text.isascii() and text.isprintable()) or " " in text:
            raise ConfigError("has a line break, a space or another character that no HTTP header can carry")
        self._text = text

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError` or `ConfigError`."""
        if not isinstance(found, str):
            raise NotAllowedError
        return cls(found)

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
    """Raise `ConfigError`, which does not hold the secret, unless it is an access key's ID and secret."""
    key_id, _, key = secret.reveal().partition(":")
    if not (key_id and key):
        raise ConfigError(
            "is not an access key's ID and secret, joined by a colon", key="api_key", allowed=API_KEY_FORM
        )


class Credential(Struct, frozen=True):
    """How to authenticate to the API as one target.

    :param kind: the setting, and with it the HTTP header that carries the secret.
    :param source: the secret itself, or the file that the setting `<kind>_file` names.
    :param target: the target's name, for errors.
    """

    kind: Literal["api_key", "token"]
    source: Secret | Path
    target: str

    def read(self) -> Secret:
        """Return the current secret; raise `ConfigError` if its file holds none."""
        return self.source if isinstance(self.source, Secret) else self._read_file(self.source)

    def _read_file(self, path: Path) -> Secret:
        try:
            with _open_regular(path) as file:
                return self._checked(file.read(LARGEST + 1))
        except OSError as error:
            raise self._error(f"cannot read {path}: {error.strerror}") from None
        except ConfigError as error:
            form = f"one line, {API_KEY_FORM}" if self.kind == "api_key" else "one line of text"
            raise self._error(f"the content of {path} {error.problem}", form) from None
        except ValueError:
            raise self._error(f"no file can have the name {str(path)!a}") from None

    def _error(self, problem: str, allowed: str | None = None) -> ConfigError:
        return ConfigError(problem, source=f"target {self.target}", key=f"{self.kind}_file", allowed=allowed)

    def _checked(self, content: bytes) -> Secret:
        if len(content) > LARGEST:
            raise ConfigError(f"is larger than {LARGEST // 1024} KiB")
        secret = Secret(content.decode("ascii", "replace").strip("\r\n"))
        if self.kind == "api_key":
            check_api_key(secret)
        return secret


def _open_regular(path: Path) -> BinaryIO:
    """Open a regular file. Anything else may block forever, as a FIFO without a writer does."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file")
