"""Text from outside is shown as one short printable line without secrets."""

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ApiError, Reason
from exporter.redaction import LONGEST_TEXT, MASK, SHORTEST_SECRET, Redactor, userinfo

ALLOWED = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=MASK)
"""The characters of a credential: printable ASCII except the space."""
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
def test_no_form_of_a_secret_is_shown(form: Callable[[str], str], part: int, key: str, before: str) -> None:
    """The whole key and its secret part are masked everywhere, also where the text is cut."""
    secret = key.split(":", 1)[part] if part else key
    shown = Redactor(key)(f"{before} {form(secret)} after").lower()

    assert secret.lower() not in shown
    assert form(secret).lower() not in shown


@given(text=st.text(st.characters(), max_size=1000))
def test_every_shown_text_is_one_short_printable_line(text: str) -> None:
    """Errors are too, with or without secrets."""
    error = ApiError(Reason.CONNECTION, text, request_id=text)

    for shown in (Redactor()(text), Redactor("id:secret")(text), error.message, str(error.request_id)):
        assert len(shown) <= LONGEST_TEXT
        assert shown.isprintable()


def test_a_long_text_is_cut_after_the_secrets_are_masked() -> None:
    """No part of a secret remains at the end."""
    shown = Redactor("id:hidden-secret")("x" * (LONGEST_TEXT - 8) + "hidden-secret and more")

    assert shown == "x" * (LONGEST_TEXT - 8) + "*** and…"


def test_a_very_short_secret_is_not_masked() -> None:
    """Masking it would make every text unreadable."""
    assert Redactor("id:x")("an x for an id") == "an x for an id"
    assert SHORTEST_SECRET == 4


def test_a_proxys_password_is_masked_as_configured_and_decoded() -> None:
    """It is percent-encoded in the URL, and plain or in base64 in the request."""
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
def test_userinfo_is_the_login_of_a_url(url: str, login: str | None) -> None:
    """It is found even if the URL cannot be parsed."""
    assert userinfo(url) == login


def test_a_redactor_does_not_show_its_secrets() -> None:
    """It may appear in a traceback."""
    assert "secret" not in repr(Redactor("id:secret"))
