"""Writes samples into a running Prometheus, by its remote-write protocol (version 0.1.0).

A request is a protobuf message, compressed with snappy. This one is not compressed: snappy's format allows to
store bytes as they are.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import requests
from msgspec import Struct

LITERAL: Final = 61 << 2
"""Snappy's tag of bytes as they are, whose number less one follows in two bytes."""
MOST: Final = 1 << 16
TIMEOUT: Final = 60
CONTINUED: Final = 0x80
"""The bit of a byte of a protobuf integer that says that more follow."""
NAME: Final = "__name__"


class Series(Struct, frozen=True):
    """Samples of one series.

    :param labels: the name included.
    :param samples: values with their Unix seconds, in the order of time.
    """

    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float]]


def write(url: str, series: Sequence[Series]) -> None:
    """Write samples into the Prometheus at `url`.

    :raises requests.HTTPError: if it refuses them.
    """
    headers = {"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
    body = b"".join(_snappy(request(series)))
    requests.post(f"{url}/api/v1/write", data=body, headers=headers, timeout=TIMEOUT).raise_for_status()


def request(series: Iterable[Series]) -> bytes:
    """Return the message `prometheus.WriteRequest`."""
    return b"".join(_bytes(1, _series(each)) for each in series)


def _series(series: Series) -> bytes:
    pairs = sorted(series.labels.items())
    labels = [_bytes(1, _bytes(1, name.encode()) + _bytes(2, value.encode())) for name, value in pairs]
    samples = [_bytes(2, _sample(value, time)) for value, time in series.samples]
    return b"".join([*labels, *samples])


def _sample(value: float, time: float) -> bytes:
    return b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(round(time * 1000))


def _bytes(field: int, content: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    written = bytearray()
    while number >= CONTINUED:
        written.append(number % CONTINUED | CONTINUED)
        number >>= 7
    written.append(number)
    return bytes(written)


def _snappy(content: bytes) -> Iterator[bytes]:
    yield _varint(len(content))
    for start in range(0, len(content), MOST):
        part = content[start : start + MOST]
        yield bytes([LITERAL]) + struct.pack("<H", len(part) - 1) + part
