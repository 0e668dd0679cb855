"""The secret that opens the API: kept out of every text, read anew from its file at every walk."""

from pathlib import Path
from typing import ClassVar, Final, Literal

from msgspec import Struct

from exporter.errors import ConfigError

LARGEST: Final = 64 * 1024  # bytes of a secret's file; more is some other file


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


class Credential(Struct, frozen=True):
    """Where the secret comes from: itself, or a file, which the setting `<kind>_file` of `target` names."""

    kind: Literal["api_key", "token"]
    source: Secret | Path
    target: str

    def read(self) -> Secret:
        """Return the secret as it is now; raise `ConfigError`."""
        return self.source if isinstance(self.source, Secret) else self._read_file(self.source)

    def _read_file(self, path: Path) -> Secret:
        place = f"target {self.target}: {self.kind}_file"
        try:
            with path.open("rb") as file:
                return Secret(file.read(LARGEST).decode("ascii", "replace").strip("\r\n"))
        except OSError as error:
            raise ConfigError(f"{place}: cannot read {path}: {error.strerror}") from None
        except ValueError as error:
            raise ConfigError(f"{place}: the content of {path} {error}, allowed: one line of text") from None
