"""Words for people."""


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 backup`, `1,234 backups`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
