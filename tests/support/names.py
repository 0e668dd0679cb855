"""Host names that resolve as a test says."""

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

TCP: Final = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
"""The fields of a `getaddrinfo` result before the address."""


def resolving(names: Mapping[str, Sequence[str]], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `getaddrinfo` that resolves these names and passes on the others."""

    def getaddrinfo(host: str, port: int, *arguments: int) -> Any:
        if host in names and not arguments[-1]:
            return [(*TCP, (address, port)) for address in names[host]]
        return otherwise(host, port, *arguments)

    return getaddrinfo
