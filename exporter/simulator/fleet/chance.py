"""Chance and identifiers that are decided by their words, so that the same question has the same answer."""

from hashlib import blake2b
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f1d6c0e-52a5-4d0c-9d5e-0b7c10d1f00d")


def chance(*words: object) -> float:
    """Return a number in [0, 1) that the words decide."""
    return int.from_bytes(blake2b(_sentence(words), digest_size=6).digest()) / 2**48


def identifier(*words: object) -> str:
    """Return a UUID that the words decide."""
    return str(uuid5(_NAMESPACE, _sentence(words).decode()))


def _sentence(words: tuple[object, ...]) -> bytes:
    return "/".join(map(str, words)).encode()
