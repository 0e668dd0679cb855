"""Text from outside, made safe to show: one short line, without secrets or control characters."""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, unquote

LONGEST_TEXT: Final = 300  # characters
SHORTEST_SECRET: Final = 4  # characters; masking shorter ones would mangle every text
MASK: Final = "***"
_ESCAPE_SEQUENCE: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colors, cursor
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC and its like: titles, links
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)


def plain_line(text: str) -> str:
    """Return `text` as one line of printable characters, without terminal escape sequences."""
    words = " ".join(_ESCAPE_SEQUENCE.sub("", text).split())
    return words if words.isprintable() else "".join(filter(str.isprintable, words))


def shortened(text: str) -> str:
    """Return the first `LONGEST_TEXT` characters of `text`; an ellipsis marks what is cut."""
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


class Redactor:
    """Masks secrets, plain or encoded, in text from outside, and makes the text printable and short.

    :param secrets: what must not show; of `name:secret`, as API keys and logins are, also each later part.
    """

    def __init__(self, *secrets: str) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST_SECRET}
        longest_first = sorted(forms, key=len, reverse=True)
        self._secret = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if forms else None

    def __repr__(self) -> str:
        return "Redactor(…)"

    def __call__(self, text: str) -> str:
        """Return `text`, safe to show."""
        safe = plain_line(text)  # first: a secret with a control character inside is one without it
        return shortened(self._secret.sub(MASK, safe) if self._secret else safe)


def userinfo(url: str) -> str | None:
    """Return the `user:password` of a URL, also of one that is too malformed to be parsed."""
    before, found, _ = url.partition("://")[2].rpartition("@")
    return before if found else None


def _forms(secret: str) -> Iterator[str]:
    """Yield the secret and its later parts: as they are, percent-encoded, as in a `repr`, in base64."""
    for part in (secret, secret.partition(":")[2], *secret.split(":")[1:]):
        for text in (part, unquote(part)):
            raw = text.encode(errors="replace")
            yield from (text, quote(raw, safe=""), repr(text)[1:-1])
            for form in (b64encode(raw).decode(), urlsafe_b64encode(raw).decode()):
                yield from (form, form.rstrip("="))
