"""Text from outside: whatever it holds, what is shown is one short printable line without secrets."""

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ApiError, Reason
from exporter.redaction import LONGEST_TEXT, MASK, SHORTEST_SECRET, Redactor, userinfo

ALLOWED = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=MASK)
"""What a credential may hold: the printable characters of ASCII but the space."""
HALVES = st.text(ALLOWED, min_size=8, max_size=40)
KEYS = st.tuples(HALVES, HALVES).map(":".join)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=")


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded in lower case": lambda text: quote(text, safe="").lower(),
    "base64": _base64,
    "repr": lambda text: repr(text)[1:-1],
    "with a control character inside": lambda text: f"{text[:3]}\x00{text[3:]}",
    "with a color inside": lambda text: f"{text[:3]}\x1b[31m{text[3:]}",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("part", [0, 1], ids=["whole", "secret part"])
@given(key=KEYS, before=st.text(max_size=310))
def test_no_form_of_a_secret_shows(form: Callable[[str], str], part: int, key: str, before: str) -> None:
    """The whole key and its secret part, wherever they stand: also across the cut."""
    secret = key.split(":", 1)[part] if part else key
    shown = Redactor(key)(f"{before} {form(secret)} after").lower()

    assert secret.lower() not in shown
    assert form(secret).lower() not in shown


@given(text=st.text(st.characters(), max_size=1000))
def test_what_is_shown_is_one_short_printable_line(text: str) -> None:
    """With or without secrets, in an error too."""
    error = ApiError(Reason.CONNECTION, text, request_id=text)

    for shown in (Redactor()(text), Redactor("id:secret")(text), error.message, str(error.request_id)):
        assert len(shown) <= LONGEST_TEXT
        assert shown.isprintable()


def test_a_long_text_is_cut_after_the_secrets_are_masked() -> None:
    """No part of a secret is left at the end."""
    shown = Redactor("id:hidden-secret")("x" * (LONGEST_TEXT - 8) + "hidden-secret and more")

    assert shown == "x" * (LONGEST_TEXT - 8) + "*** and…"


def test_a_secret_too_short_is_not_masked() -> None:
    """Every text would be mangled."""
    assert Redactor("id:x")("an x for an id") == "an x for an id"
    assert SHORTEST_SECRET == 4


def test_a_proxys_password_is_masked_as_configured_and_decoded() -> None:
    """Percent-encoded in the URL, plain or as `Basic` authentication on the wire."""
    redact = Redactor("user:p%40ss%2Fword")

    assert redact("p%40ss%2Fword p@ss/word") == "*** ***"
    assert redact(f"Basic {_base64('user:p@ss/word')}") == "Basic ***"


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("http://proxy:3128", None),
        ("http://user:password@proxy:3128", "user:password"),
        ("http://user:pa#s/s?w@rd@proxy:99999", "user:pa#s/s?w@rd"),
        ("proxy", None),
    ],
)
def test_the_login_of_a_url(url: str, login: str | None) -> None:
    """Also where the URL cannot be parsed."""
    assert userinfo(url) == login


def test_shows_nothing_of_itself() -> None:
    """A redactor in a traceback tells no secret."""
    assert "secret" not in repr(Redactor("id:secret"))
