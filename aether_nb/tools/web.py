"""``http_request``: one request to the web. What comes back is text from strangers, and is treated as data.

Nothing of the person's goes along: no cookies, no keys, no passwords. An address inside the person's own network is
another matter than one outside, and a name that means such an address is refused unless that was said. It does not run
scripts, and keeps nothing between two requests.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from ipaddress import IPv6Network, ip_address
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Context, Result
from aether_nb.tools.function import declare

__all__ = ["REDIRECTS", "SECONDS", "host_of", "http_request", "is_private", "same_network"]

MOST_BYTES = 100_000
SECONDS = 10.0
REDIRECTS = 5
LONG_ADDRESS = 200
"""Characters of an address; a longer one may carry away what it should not."""
READS = ("GET", "HEAD")
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16"))
"""Addresses that stand for one of the older kind, which may be any."""
KEEPS_OUT = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
"""Headers that carry a key: a model has none to give."""

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """Asking a public server for a page is medium; sending something, or asking a server of one's own, is high."""
    url, method, body = arguments["url"], arguments["method"], arguments.get("body") or ""
    host = host_of(url)
    sent = f" with {len(body.encode()):,} bytes" if body else ""
    text = f"sends {method} {url}{sent}"
    if is_private(host):
        reasons: tuple[str, ...] = (f"{host} is this machine or lies inside your network",)
    elif method not in READS or body:
        reasons = (f"{method} may change something at {host}", f"what is sent leaves this machine for {host}")
    elif len(url) > LONG_ADDRESS:
        reasons = (f"the long address may carry data to {host}",)
    elif arguments.get("headers"):
        reasons = (f"the headers may carry data to {host}",)
    else:
        return Assessment("medium", "external", (f"the address is sent to {host}",), text)
    return Assessment("high", "external", reasons, text)


@declare(judge=judge, where="loop", title=lambda call: f"{call['method']} {call['url']}")
async def http_request(
    url: str,
    context: Context,
    method: Method = "GET",
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> Result:
    """Send one HTTP request and read the answer: a page as text, JSON as it is. Up to 100 kB, 10 seconds.

    Args:
        url: The address, with http:// or https://.
        method: The method.
        headers: Headers, but none with a key in it.
        body: What is sent along; JSON when it reads as JSON.
    """
    import httpx

    given = {name.lower(): value for name, value in (headers or {}).items()}
    if bad := KEEPS_OUT & given.keys():
        raise RepairableToolError(f"The header {min(bad)} is not sent.", "Keys are not a model's to send.")
    if body and "content-type" not in given:
        given["content-type"] = "application/json" if _is_json(body) else "text/plain; charset=utf-8"
    private = is_private(host_of(url))
    try:
        async with asyncio.timeout(SECONDS * 3), httpx.AsyncClient(timeout=SECONDS) as client:
            for _ in range(REDIRECTS):
                await same_network(url, private)
                async with client.stream(method, url, headers=given, content=body) as answer:
                    place = answer.headers.get("location", "") if answer.is_redirect else ""
                    target = urljoin(url, place)
                    if place and method in READS and host_of(target) == host_of(url) and target.startswith("http"):
                        url = target
                        continue
                    return _told(answer, target if place else "", await _body(answer))
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise RepairableToolError(f"{host_of(url)} did not answer.", why, "Is the address right?") from error
    raise RepairableToolError(f"{url} leads on and on.", f"After {REDIRECTS} redirects it was given up.")


def host_of(url: str) -> str:
    """The host of an address.

    Raises:
        RepairableToolError: It is no address of the web, or has a password in it.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise RepairableToolError(f"{url!r} is no address.", str(error)) from error
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise RepairableToolError(f"{url!r} is no address of the web.", hint="Give one such as https://example.org")
    if "@" in parts.netloc:
        raise RepairableToolError("An address with a name or password in it is not used.", hint="Leave it out.")
    return host


def is_private(host: str) -> bool:
    """Whether a host is this machine or lies inside a private network, as far as its spelling tells."""
    try:
        return _is_inside(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost", ".home.arpa"))


def _is_inside(address: str) -> bool:
    """Whether an address is not plainly one of the public internet.

    Raises:
        ValueError: It is no address.
    """
    found = ip_address(address.partition("%")[0])
    local = found.is_multicast or not found.is_global
    return local or (found.version == 6 and (found.is_site_local or any(found in net for net in TRANSLATED)))


async def same_network(url: str, private: bool) -> None:
    """A public name that means a private address is refused: what was judged is not what would be asked.

    Raises:
        RepairableToolError: It does.
    """
    host = host_of(url)
    if private:
        return
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return  # behind a proxy nobody here needs to know; else the request itself says what is wrong
    for *_, address in found:
        if _is_inside(str(address[0])):
            raise RepairableToolError(f"{host} means {address[0]}, which lies inside your network.", "It is not asked.")


async def _body(answer: Any) -> bytes:
    data = bytearray()
    async for piece in answer.aiter_bytes():
        data += piece
        if len(data) > MOST_BYTES:
            break
    return bytes(data)


def _told(answer: Any, leads_to: str, data: bytes) -> Result:
    """The answer for a model: its status, its kind, and its text."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = data[:MOST_BYTES].decode(answer.charset_encoding or "utf-8", "replace")
    if b"\0" in data[:1000]:
        text = f"({len(data):,} bytes that are no text)"
    elif "html" in kind:
        text = _page(text)
    cut = f"\n… cut at {MOST_BYTES:,} bytes" if len(data) > MOST_BYTES else ""
    lead = f"\nIt leads to {leads_to}, another place: ask for that by itself." if leads_to else ""
    line = f"{answer.status_code} {answer.reason_phrase} · {kind or 'of no kind'}{lead}"
    return Result((Text(f"{line}\n\n{text}{cut}", "output"),), ({"text/plain": line},))


def _page(html: str) -> str:
    """The words of a page, without its scripts and styles."""
    import html as entities

    import nh3

    bare = nh3.clean(html, tags=set(), clean_content_tags={"script", "style", "svg", "noscript", "template"})
    lines = (" ".join(line.split()) for line in entities.unescape(bare).splitlines())
    return "\n".join(line for line in lines if line)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
