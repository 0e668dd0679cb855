"""What tells clients apart: the network that an address belongs to."""

import ipaddress
from typing import Final

IPV6_PREFIX: Final = 64  # bits: one client commonly has all the addresses below it


def client_network(address: str) -> str:
    """Return what tells clients apart: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), IPV6_PREFIX), strict=False))
