"""A pseudo-terminal, as a test reads it."""

import os
import select
from codecs import getincrementaldecoder
from types import TracebackType
from typing import Final, Self, TextIO

DEADLINE: Final = 30.0  # seconds; a test that waits for longer has failed
ERASED: Final = "\x1b[?25h\r\x1b[1A\x1b[2K"
"""What ends a display: the cursor is shown again, and the line is erased."""


class Terminal:
    """A pseudo-terminal; as a context manager, it closes both of its ends.

    `stream` writes to it, `seen` is all that was read from it.
    """

    def __init__(self) -> None:
        self._ours, theirs = os.openpty()
        self.stream: TextIO = os.fdopen(theirs, "w", encoding="utf-8")
        self.seen = ""
        self._decoder = getincrementaldecoder("utf-8")()

    def __repr__(self) -> str:
        return f"Terminal({self.seen!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stream.close()
        os.close(self._ours)

    def read_until(self, text: str) -> None:
        """Read until the terminal has shown `text`."""
        while text not in self.seen:
            readable, _, _ = select.select([self._ours], [], [], DEADLINE)
            assert readable, f"not shown: {text!r} in {self.seen!r}"
            self._read()

    def read_to_end(self) -> str:
        """Close the stream, read until no process has the terminal open, and return all that was shown."""
        self.stream.close()
        while self._read():
            pass
        return self.seen

    def _read(self) -> bool:
        try:
            chunk = os.read(self._ours, 4096)
        except OSError:  # how Linux reports the end
            return False
        self.seen += self._decoder.decode(chunk)
        return bool(chunk)
