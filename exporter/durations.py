"""Durations: parsed as Prometheus writes them (`90s`, `1h30m`, `7d`), and formatted for people."""

import re
from typing import Final

UNITS: Final = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001}
"""The seconds of each unit."""
LONGEST: Final = 9_223_372_036  # seconds; 292 years, Prometheus's limit
_PATTERN: Final = re.compile("".join(rf"(?:([0-9]{{1,18}}){unit})?" for unit in UNITS))


def parse_duration(text: str) -> float:
    """Return the seconds of a Prometheus duration.

    Units go from large to small, each at most once, with whole numbers; only `0` needs no unit.
    https://prometheus.io/docs/prometheus/latest/configuration/configuration/

    :raises ValueError: for a text that Prometheus would refuse too.
    """
    if text == "0":
        return 0.0
    match = _PATTERN.fullmatch(text)
    if not text or not match:
        raise ValueError(f"{text!r} is not a duration")
    amounts = (int(amount or 0) for amount in match.groups())
    seconds = float(sum(amount * unit for amount, unit in zip(amounts, UNITS.values(), strict=True)))
    if seconds > LONGEST:
        raise ValueError(f"{text!r} is out of range")
    return seconds


def format_duration(seconds: float) -> str:
    """Format seconds in their two largest units, for people: `3d 4h`, `12m 5s`, `0.4s`."""
    if abs(seconds) < UNITS["m"]:
        return f"{seconds:.3g}s"
    rest, parts = abs(round(seconds)), []
    for unit in ("d", "h", "m", "s"):
        amount, rest = divmod(rest, int(UNITS[unit]))
        parts += [f"{amount}{unit}"] if amount else []
    return ("-" if seconds < 0 else "") + " ".join(parts[:2])
