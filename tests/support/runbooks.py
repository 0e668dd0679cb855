"""The runbooks as they are in `docs/runbooks/`: their sections, queries and commands."""

import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

FOLDER: Final = Path(__file__).parents[2] / "docs" / "runbooks"
FENCE: Final = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
ENDS: Final = frozenset({"|", "&&"})


class RunbookPage(Struct, frozen=True):
    """One runbook's text."""

    name: str
    text: str

    @property
    def headings(self) -> list[str]:
        """The titles of its sections."""
        return re.findall(r"^## (.+)$", self.text, re.MULTILINE)

    @property
    def first_steps(self) -> tuple[str, str]:
        """The head's first step, and the first item of *Mitigation*."""
        (head,) = re.findall(r"^\*\*First step\*\*: (.+)$", self.text, re.MULTILINE)
        (item,) = re.findall(r"^## Mitigation\n\n1\. (.*?)\n(?:\n|2\. )", self.text, re.MULTILINE | re.DOTALL)
        return head, item

    @property
    def queries(self) -> list[str]:
        """Every query."""
        return list(self.blocks("promql"))

    @property
    def commands(self) -> list[list[str]]:
        """The words of every command, one entry for each command of a pipeline."""
        return [words for block in self.blocks("sh") for words in _commands(block)]

    def blocks(self, language: str) -> Iterator[str]:
        """Yield the fenced blocks of a language."""
        for _, found, text in FENCE.findall(self.text):
            if found == language:
                yield textwrap.dedent(text)


def runbook_pages() -> list[RunbookPage]:
    """Return all runbooks, by name."""
    return [RunbookPage(path.stem, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.md"))]


def _commands(block: str) -> Iterator[list[str]]:
    for line in block.replace("\\\n", "").splitlines():
        command: list[str] = []
        for word in [*shlex.split(line, comments=True), "|"]:
            if word not in ENDS:
                command.append(word)
            elif command:
                yield command
                command = []
