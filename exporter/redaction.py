"""Secrets masked in text from outside."""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, unquote

from exporter.printable import cut, printable_words

LONGEST_TEXT: Final = 300  # characters
SHORTEST_SECRET: Final = 4  # characters; masking shorter ones would make every text unreadable
MASK: Final = "***"


def short_line(text: str) -> str:
    """Return `text` as one printable line of at most `LONGEST_TEXT` characters."""
    return cut(printable_words(text), LONGEST_TEXT)


class Redactor:
    """Masks secrets, plain or encoded, in text from outside, and makes the text one short printable line.

    :param secrets: what to mask. For `name:secret`, as in API keys and logins, each part after a colon is
        masked as well.
    """

    def __init__(self, *secrets: str) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST_SECRET}
        longest_first = sorted(forms, key=len, reverse=True)
        self._secret = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if forms else None

    def __repr__(self) -> str:
        return "Redactor(…)"

    def __call__(self, text: str) -> str:
        """Return `text`, safe to show."""
        words = printable_words(text)  # first: a control character inside a secret would hide it
        return cut(self._secret.sub(MASK, words) if self._secret else words, LONGEST_TEXT)


def userinfo(url: str) -> str | None:
    """Return the `user:password` of a URL, even of a URL that cannot be parsed; `None` if it has none."""
    before, found, _ = url.partition("://")[2].rpartition("@")
    return before if found else None


def _forms(secret: str) -> Iterator[str]:
    """Yield the secret and its later parts: plain, percent-encoded, as in a `repr`, and in base64."""
    for part in (secret, secret.partition(":")[2], *secret.split(":")[1:]):
        for text in (part, unquote(part)):
            raw = text.encode(errors="replace")
            yield from (text, quote(raw, safe=""), repr(text)[1:-1])
            for form in (b64encode(raw).decode(), urlsafe_b64encode(raw).decode()):
                yield from (form, form.rstrip("="))
