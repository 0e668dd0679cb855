"""The picture of a terminal session."""

import re
from html import unescape

import pytest

from tools.terminal_session import FILE, drawing, session


def words(picture: str) -> str:
    """Return a picture's text without numbers, which differ from one session to the next."""
    text = " ".join(re.findall(r"<text [^>]*>([^<]*)</text>", picture))
    return re.sub(r"\d[\d.,]*", "N", unescape(text))


def test_lines_appear_one_after_another() -> None:
    """A command takes its time, and each line of its output follows half a second later."""
    picture = drawing([("check", "default\n  ok    fine")])
    delays = re.findall(r'terminal-line-(\d)\)"\] \{ animation-delay: ([\d.]+)s', picture)

    assert delays == [("0", "2.0"), ("1", "2.5"), ("2", "3.0"), ("3", "3.5")]
    assert "$" in picture


def test_no_other_host_is_asked() -> None:
    """The picture loads no font."""
    assert "url(" not in drawing([("check", "ok")]).replace("url(#", "")


@pytest.mark.slow
def test_the_picture_shows_what_the_commands_print() -> None:
    """`check` and `explain` print the findings that the picture shows; if not, write it again."""
    now, shown = words(drawing(session())), words(FILE.read_text(encoding="utf-8"))
    findings = (
        "authenticated by api_key",
        "instances listed",
        "broken chain",
        "what to do",
        "crm-db: at risk",
    )

    for finding in findings:
        assert finding in now.replace("\xa0", " ")
        assert finding in shown.replace("\xa0", " ")
