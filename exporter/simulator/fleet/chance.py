"""Random numbers and identifiers that depend only on their arguments."""

from functools import lru_cache
from hashlib import blake2b
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f1d6c0e-52a5-4d0c-9d5e-0b7c10d1f00d")


def chance(*words: object) -> float:
    """Return a number in [0, 1) that depends on `words`."""
    return int.from_bytes(blake2b(_joined(words), digest_size=6).digest()) / 2**48


@lru_cache(maxsize=4096)  # the same few versions of datastores in every page
def identifier(*words: object) -> str:
    """Return a UUID that depends on `words`."""
    return str(uuid5(_NAMESPACE, _joined(words).decode()))


def _joined(words: tuple[object, ...]) -> bytes:
    return "/".join(map(str, words)).encode()
