"""Reads the generator's settings from arguments such as `team=owner`."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from alerts.source.settings import Settings
from exporter.durations import parse_duration

_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TEXT: Final = r'"(?:[^"\\\n]|\\.)*"' + "|" + r"'(?:[^'\\\n]|\\.)*'"
_MATCHER: Final = rf"\s*{_NAME.pattern}\s*(?:=~|!~|!=|=)\s*(?:{_TEXT})\s*"
_MATCHERS: Final = re.compile(rf"{_MATCHER}(?:,{_MATCHER})*")
_URL: Final = re.compile(r"https?://[^\s/?#][^\x00-\x1f\x7f]*")
_IDENTITY: Final = frozenset({"cluster", "namespace", "job", "target", "instance_id"})
"""Labels that identify a database without settings."""


class _Kind(NamedTuple):
    """A kind of setting.

    :param parse: returns the value of a text, or raises `ValueError`.
    :param allowed: the accepted texts, in words.
    """

    parse: Callable[[str], object]
    allowed: str


def settings_of(arguments: Sequence[str]) -> Settings:
    """Return the settings that arguments such as `labels=environment,region` change.

    :raises SystemExit: an argument is no `KEY=VALUE`, no setting, or has a value that is not allowed.
    """
    return Settings(**dict(map(_setting, arguments)))  # type: ignore[arg-type] # each kind has its field's type


def _setting(argument: str) -> tuple[str, object]:
    name, equals, value = argument.partition("=")
    if not equals or name not in _KINDS:
        allowed = ", ".join(f"{name}=…" for name in _KINDS)
        raise SystemExit(f"{argument!r} is not a setting; allowed: {allowed}")
    kind = _KINDS[name]
    try:
        return name, kind.parse(value)
    except ValueError:
        raise SystemExit(f"{name}: found {value!r}, allowed: {kind.allowed}") from None


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def _selector(text: str) -> str:
    return _matching(_MATCHERS, text) if text else ""


def _labels(text: str) -> tuple[str, ...]:
    names = tuple(_matching(_NAME, name) for name in text.split(",")) if text else ()
    if len({*names, *_IDENTITY}) < len(names) + len(_IDENTITY):
        raise ValueError(text)
    return names


def _url(text: str) -> str:
    return _matching(_URL, text) if text else ""


def _seconds(text: str) -> int:
    seconds = float(text) if text.isdecimal() else parse_duration(text)
    if not (seconds >= 1 and seconds.is_integer()):
        raise ValueError(text)
    return int(seconds)


def _ratio(text: str) -> float:
    ratio = float(text)
    if not 0 < ratio < math.inf:
        raise ValueError(text)
    return ratio


def _compliance(text: str) -> float:
    compliance = float(text)
    if not 0 <= compliance < 1:
        raise ValueError(text)
    return compliance


_URL_KIND: Final = _Kind(_url, "a URL such as https://wiki.example/runbooks/, or nothing")
_SECONDS_KIND: Final = _Kind(_seconds, "whole seconds, as 3600, or a duration such as 1h or 14d, above zero")
_RATIO_KIND: Final = _Kind(_ratio, "a number above zero, such as 0.5")
_KINDS: Final = {
    "selector": _Kind(_selector, """label matchers such as job=~"backups.*",environment="production\""""),
    "labels": _Kind(
        _labels, f"different label names, separated by commas, without {', '.join(sorted(_IDENTITY))}"
    ),
    "team": _Kind(lambda text: _matching(_NAME, text), "a label name such as team"),
    **dict.fromkeys(("runbooks", "dashboard", "exporter"), _URL_KIND),
    **dict.fromkeys(
        ("stale_seconds", "limited_seconds", "slow_seconds", "credential_seconds"), _SECONDS_KIND
    ),
    **dict.fromkeys(
        ("size_ratio", "count_ratio", "slow_ratio", "piling_ratio", "quota_ratio", "burn_ratio"), _RATIO_KIND
    ),
    "compliance": _Kind(_compliance, "a number from 0 to below 1, such as 0.99"),
}
