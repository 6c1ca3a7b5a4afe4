"""Which proxy the environment puts before an address: for whoever asks there, and for errors, without its password."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["proxy_of", "proxy_to"]


def proxy_to(address: str) -> str:
    """The address of the proxy that an address is asked through; empty when there is none. It may hold a password."""
    from urllib.request import getproxies, proxy_bypass

    found, parts = getproxies(), urlsplit(address)
    proxy = found.get(parts.scheme) or found.get("all", "")
    if not proxy or proxy_bypass(parts.hostname or ""):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def proxy_of(address: str) -> str:
    """Host and port of the proxy that an address is asked through; empty when there is none."""
    scheme, _, place = proxy_to(address).partition("://")
    return place.rpartition("@")[2].strip("/") or (scheme and "an empty address")
