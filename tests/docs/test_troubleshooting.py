"""docs/troubleshooting.md has an entry for each message of the exporter, and for no other."""

import re
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from tests.support.messages import messages, messages_of

PAGE: Final = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ROWS: Final = re.findall(r"^\| (`.*?`+) \| (.*) \|$", PAGE, re.MULTILINE)
ENTRIES: Final = [message.strip("`").strip() for message, _ in ROWS]


@pytest.mark.slow  # it parses the whole source
def test_every_message_has_one_entry() -> None:
    """The page has each message of the source once, and none that the source does not have."""
    found = messages()

    assert sorted(found - set(ENTRIES)) == []
    assert sorted(set(ENTRIES) - found) == []
    assert len(ENTRIES) == len(set(ENTRIES))
    assert len(found) > 140


def test_every_entry_says_what_to_do() -> None:
    """No entry is empty."""
    assert not [message for message, advice in ROWS if not advice.strip()]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("raise ConfigError('no such file', allowed='a file')", {"no such file"}),
        ("raise ConfigError(key='a', found=f'the name {x} twice')", {"the name … twice"}),
        (
            "raise ApiError(Reason.TLS, 'bad ' + f'word {x}' if y else 'other text')",
            {"bad word …", "other text"},
        ),
        ("print(f'{PROGRAM}: cannot do {x}', file=sys.stderr)", {"…: cannot do …"}),
        ("self._log.error('it failed', exc_info=error)", {"it failed"}),
        ("put(partial(log.warning, f'cannot read {x}', a=1))", {"cannot read …"}),
        ("Finding(Severity.OK, 'all is well')", set()),
        ("Finding(Severity.WARN, 'not so well')", {"not so well"}),
        ("print('no error here')", set()),
        ("raise ValueError('an internal error')", set()),
    ],
)
def test_messages_are_found(source: str, expected: set[str]) -> None:
    """Messages are found in what raises, logs and prints them, with … for what is filled in."""
    assert messages_of(source) == expected


def test_assigned_messages_are_found() -> None:
    """A message is found that has been assigned to a name, also if it is a part of another one."""
    source = """
        def check(self):
            fact, hint = f"the file {self} is bad", "use another one"
            problem = f"{fact}; {hint}"
            raise ConfigError(problem)
    """

    assert messages_of(dedent(source)) == {"the file … is bad; use another one"}
