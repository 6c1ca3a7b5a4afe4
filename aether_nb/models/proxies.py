"""Which proxy the environment puts before an address, for errors: it may be what does not answer.

The HTTP library finds proxies by itself; this module only tells people which one that was, without its password.
"""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["proxy_of"]


def proxy_of(address: str) -> str:
    """Host and port of the proxy that an address is asked through; empty when there is none."""
    from urllib.request import getproxies, proxy_bypass

    found, parts = getproxies(), urlsplit(address)
    proxy = found.get(parts.scheme) or found.get("all", "")
    if not proxy or proxy_bypass(parts.hostname or ""):
        return ""
    place = proxy.rpartition("@")[2].partition("://")
    return (place[2] or place[0]).strip("/") or "an empty address"
