"""``http_request``: one request to the web. What comes back is text from strangers, and is treated as data.

Nothing of the person's goes along: no cookies, no keys, no passwords. An address inside the person's own network is
another matter than one outside, and a name that means such an address is refused unless that was said. What was looked
at is what is asked: a name is looked up once, and the connection goes to the address that was found. It does not run
scripts, and keeps nothing between two requests.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv6Network, ip_address
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Context, Result
from aether_nb.tools.function import declare

__all__ = ["REDIRECTS", "SECONDS", "answer_of", "host_of", "http_request", "is_private", "places_of"]

MOST_BYTES = 100_000
SECONDS = 10.0
REDIRECTS = 5
TRIES = 3
"""So many addresses of one name are tried."""
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
                places = await places_of(url, private)
                async with answer_of(client, places, method, url, headers=given, content=body) as answer:
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


async def places_of(url: str, private: bool) -> list[str]:
    """The addresses that a public name means, by which alone it is asked: a name can mean another one a moment later.

    Nothing for a private place, which was judged as such, and where a proxy finds out the address by itself.

    Raises:
        RepairableToolError: The name means nothing, or an address inside the person's own network.
    """
    host = host_of(url)
    if private:
        return []
    proxied = _is_proxied(url, host)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        if proxied:
            return []
        raise RepairableToolError(f"{host} did not answer.", str(error), "Is the address right?") from error
    places = list(dict.fromkeys(str(address[0]) for *_, address in found))
    for place in places:
        if _is_inside(place):
            raise RepairableToolError(f"{host} means {place}, which lies inside your network.", "It is not asked.")
    return [] if proxied else places[:TRIES]


def _is_proxied(url: str, host: str) -> bool:
    known = getproxies()
    return bool((urlsplit(url).scheme in known or "all" in known) and not proxy_bypass(host))


@asynccontextmanager
async def answer_of(client: Any, places: Sequence[str], method: str, url: str, **more: Any) -> AsyncIterator[Any]:
    """The answer of the first of these addresses that can be reached, asked as the host that the name says."""
    import httpx

    named = httpx.URL(url)
    extensions = {"sni_hostname": named.raw_host.decode("ascii")}
    for at, place in enumerate(places or [named.host], 1):
        request = client.build_request(method, named.copy_with(host=place), extensions=extensions, **more)
        request.headers["host"] = named.netloc.decode("ascii")
        try:
            answer = await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if at >= len(places):
                raise
            continue  # nothing was sent yet
        try:
            yield answer
        finally:
            await answer.aclose()
        return


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
    text = _decoded(data[:MOST_BYTES], answer.charset_encoding or "utf-8")
    if b"\0" in data[:1000]:
        text = f"({len(data):,} bytes that are no text)"
    elif "html" in kind:
        text = _page(text)
    cut = f"\n… cut at {MOST_BYTES:,} bytes" if len(data) > MOST_BYTES else ""
    lead = f"\nIt leads to {leads_to}, another place: ask for that by itself." if leads_to else ""
    line = f"{answer.status_code} {answer.reason_phrase} · {kind or 'of no kind'}{lead}"
    return Result((Text(f"{line}\n\n{text}{cut}", "output"),), ({"text/plain": line},))


def _decoded(data: bytes, charset: str) -> str:
    """Bytes as text, by what the server says they are; as UTF-8 where that is no code of texts."""
    try:
        return data.decode(charset, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def _page(html: str) -> str:
    """The title and the words of a page, without its scripts and styles."""
    from aether_nb.knowledge.loaders.pages import whole

    return "\n\n".join(filter(None, whole(html)))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
