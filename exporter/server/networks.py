"""The network of a client's address: the unit that limits are fair between."""

import ipaddress
from typing import Final

IPV6_PREFIX: Final = 64  # bits: a client commonly has all addresses of such a network


def client_network(address: str) -> str:
    """Return an IPv4 address as it is, and an IPv6 address as its /64."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), IPV6_PREFIX), strict=False))
