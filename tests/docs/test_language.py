"""Texts and names are in plain modern English: the words of a short list appear nowhere in the tree."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PLACES: Final = (
    "exporter",
    "tests",
    "tools",
    "benchmarks",
    "dashboards/source",
    "alerts",
    "deploy",
    "docs",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "Makefile",
    "Dockerfile",
    "pyproject.toml",
    ".github",
    ".ci",
)
BINARY: Final = frozenset({".png", ".pyc"})
INSTEAD: Final = {
    "anew": "again, re-read, rewrite",
    "bear out": "confirm",
    "bears out": "confirms",
    "became of": "happened to",
    "becomes of": "happens to",
    "cohort": "group",
    "cohorts": "groups",
    "come down": "reduce",
    "comes down": "reduces",
    "for ever": "without end",
    "goes on": "continues",
    "hand out": "return",
    "hands out": "returns",
    "hastened": "fast",
    "held against": "compared with",
    "in vain": "without success",
    "is asked of": "has an objective",
    "is no good": "is not usable",
    "learnt": "learned",
    "let in": "accept",
    "lets in": "accepts",
    "living fleet": "simulated fleet",
    "mend": "fix",
    "mended": "fixed",
    "mends": "fixes",
    "nobody knows": "unknown",
    "riddle": "a plain sentence",
    "stands in": "is in, replaces",
    "stands twice": "is a duplicate",
    "such as it is": "as it is",
    "time-out": "timeout",
    "time-outs": "timeouts",
    "time stamp": "timestamp",
    "time stamps": "timestamps",
    "to be had": "available",
    "to how long ago": "to what point in time",
    "what you have not": "what you don't use",
    "whoever": "anyone who",
    "word to systemd": "notification of systemd",
    "worst off": "worst",
}
"""Metaphors and archaisms that no text here needs, each with what to write instead."""
WORDS: Final = re.compile(
    rf"(?<![a-z])(?:{'|'.join(INSTEAD)})(?![a-z])".replace(" ", r"[\s#_]+"),
    re.IGNORECASE,
)


def findings(name: str, text: str) -> Iterator[str]:
    """Yield `file:line`, the word and its replacement, for each word that is on the list."""
    for match in WORDS.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        word = re.sub(r"[\s#_]+", " ", match[0].lower())
        yield f"{name}:{line}: {word!r}: write {INSTEAD[word]!r}"


def texts() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every file that people read, except this one."""
    for place in PLACES:
        top = ROOT / place
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if (
                path.is_file()
                and not path.is_symlink()
                and path.suffix not in BINARY
                and path != Path(__file__)
            ):
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def test_no_word_of_the_list_is_used() -> None:
    """No file has a word of the list; a failure names file, line, word and what to write instead."""
    found = [finding for name, text in texts() for finding in findings(name, text)]

    assert not found, "\n".join(found)


def test_every_place_is_read() -> None:
    """Every place of the list exists and has texts."""
    read = {name for name, _ in texts()}

    assert not [place for place in PLACES if not any(f"{name}/".startswith(f"{place}/") for name in read)]


@pytest.mark.parametrize("word", INSTEAD)
def test_every_word_is_found(word: str) -> None:
    """A word is found in any case, in identifiers and across lines of a comment."""
    texts = (word, word.upper(), f"_{word.replace(' ', '_')}_", word.replace(" ", "\n    # "))

    assert [found for text in texts for found in findings("x", text)] == [
        f"x:1: {word!r}: write {INSTEAD[word]!r}"
    ] * 4


def test_a_finding_names_file_line_word_and_replacement() -> None:
    """A finding has all that is needed to fix it."""
    assert list(findings("a.md", "One\ntwo anew\n")) == ["a.md:2: 'anew': write 'again, re-read, rewrite'"]


def test_longer_words_are_not_found() -> None:
    """A word within a longer one is not found."""
    assert not list(findings("x", "recommend, outlet inside, amends"))
