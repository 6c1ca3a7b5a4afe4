"""Addresses of model servers: which two are the same place, and what stays near the user.

Pure, and strict: what cannot be read is no place, and what is not known to be near is far. This module resolves no name
and knows no provider.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["Origin", "is_local", "origin", "without_tail"]

TAILS = ("/chat/completions", "/v1/messages")
"""What stands behind an address in a request; people copy it along."""

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")

HOME_NAME = re.compile(r"[a-z][a-z0-9_-]*|([a-z0-9_-]+\.)+(local|internal|home\.arpa)")
"""Names to which no public name server gives an address: one word, and the endings set aside for a network at home."""


class Origin(NamedTuple):
    """What has to be the same for a key to be sent."""

    scheme: str
    host: str
    port: int


def origin(address: str) -> Origin | None:
    """Scheme, host and port of an address; None when it is no http address, or contains a password."""
    address = address.strip()
    if not address.isprintable():  # signs that some readers of addresses drop, and others do not
        return None
    try:
        parts = urlsplit(address)
        port = {"http": 80, "https": 443}[parts.scheme] if parts.port is None else parts.port
    except (ValueError, KeyError):  # a port that is no number, a bracket that is never closed, another scheme
        return None
    if not parts.hostname or not port or "@" in parts.netloc:
        return None
    return Origin(parts.scheme, parts.hostname, port)


def without_tail(address: str) -> str:
    """The address without the path of a request that was copied along."""
    for tail in TAILS:
        address = address.removesuffix(tail)
    return address


@lru_cache(256)
def is_local(address: str, private: bool | None) -> bool:
    """Whether what is sent to an address stays on the user's machine or network.

    Args:
        address: The address.
        private: True: a private network counts too. False: never, whoever is there passes on what it is told.
    """
    from ipaddress import IPv6Address, ip_address, ip_network

    place = origin(address)
    if place is None or private is False:
        return False
    try:
        found = ip_address(place.host)
    except ValueError:  # a name
        return place.host == "localhost" or (private is True and HOME_NAME.fullmatch(place.host) is not None)
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    networks = (ip_network(each) for each in PRIVATE) if private else ()
    return found.is_loopback or any(found in each for each in networks if each.version == found.version)
