"""http_request: what it asks, what it never sends, and which addresses it leaves alone; against a real local server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from aether_nb import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.tools import web
from aether_nb.tools.web import http_request
from harness.tools import ToolContext, assessed, told

PAGE = (
    b"<html><head><style>x{}</style><script>steal()</script></head><body><h1>Title</h1>\n<p>a &amp; b</p></body></html>"
)
TABLE = (
    "<title>Stock</title><form><table><tr><th>Year</th><th>Units</th></tr><tr><td>2019</td><td>1200</td></tr></table>"
    "<p>Total: 42</p><p>7 items</p>é<br>x<br/>y<ul><li>Kiel</li><li>Bonn</li></ul>"
    "<select><option>1<option>2</select></form><nav>Home</nav>"
).encode()


class Server(ThreadingHTTPServer):
    """A server that remembers what it was asked."""

    seen: list[tuple[str, str, dict[str, str], bytes]]


class Handler(BaseHTTPRequestHandler):
    """Pages by their path."""

    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.seen.append((self.command, self.path, {n.lower(): v for n, v in self.headers.items()}, body))
        pages: dict[str, tuple[int, dict[str, str], bytes]] = {
            "/page": (200, {"content-type": "text/html; charset=utf-8"}, PAGE),
            "/table": (200, {"content-type": "text/html; charset=utf8mb4"}, TABLE),
            "/json": (200, {"content-type": "application/json"}, b'{"a": 1}'),
            "/big": (200, {"content-type": "text/plain"}, b"x" * 500_000),
            "/binary": (200, {"content-type": "image/png"}, b"\x89PNG\0\0"),
            "/moved": (302, {"location": "/json"}, b""),
            "/away": (302, {"location": "http://elsewhere.example/x"}, b""),
            "/round": (302, {"location": "/round"}, b""),
        }
        status, headers, content = pages.get(self.path, (404, {"content-type": "text/plain"}, b"no such page"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = _answer  # the names of the base class

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of this machine."""
    running = Server(("127.0.0.1", 0), Handler)
    running.seen = []
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def at(server: Server, path: str) -> str:
    """The address of a page."""
    return f"http://127.0.0.1:{server.server_port}{path}"


def test_a_page_comes_as_words(server: Server) -> None:
    """Scripts and styles are gone, entities are signs again, and the status is told."""
    assert told(http_request, ToolContext(), url=at(server, "/page")) == "200 OK · text/html\n\n# Title\n\na & b"


def test_what_stands_apart_on_a_page_stays_apart(server: Server) -> None:
    """Cells, rows, paragraphs, lines and items are no one word; menus and forms belong to what was asked for."""
    lines = told(http_request, ToolContext(), url=at(server, "/table")).split("\n")
    said = [line for line in lines[1:] if line]
    table = ["Stock", "| Year | Units", "| 2019 | 1200"]
    assert said == [*table, "Total: 42", "7 items", "é", "x", "y", "- Kiel", "- Bonn", "1", "2", "Home"]


@pytest.mark.parametrize("charset", ["utf8mb4", "hex", "undefined", "a\0b"])
def test_a_code_that_is_none_is_read_as_utf_8(charset: str) -> None:
    """A server may call its page what it likes: it is read all the same."""
    assert web._decoded("é".encode(), charset) == "é"
    assert web._decoded("é".encode("latin-1"), "latin-1") == "é"


def test_json_comes_as_it_is_and_a_missing_page_is_an_answer(server: Server) -> None:
    """What the server says is told, good or bad."""
    assert told(http_request, ToolContext(), url=at(server, "/json")).endswith('{"a": 1}')
    assert told(http_request, ToolContext(), url=at(server, "/none")).startswith("404 Not Found")


def test_what_is_large_or_no_text_is_bounded(server: Server) -> None:
    """A hundred thousand bytes, and no signs that mean nothing."""
    assert told(http_request, ToolContext(), url=at(server, "/big")).endswith("cut at 100,000 bytes")
    assert "bytes that are no text" in told(http_request, ToolContext(), url=at(server, "/binary"))


def test_redirects_are_followed_on_the_same_host_only(server: Server) -> None:
    """Another place is named, and asked for by itself; a circle ends."""
    assert told(http_request, ToolContext(), url=at(server, "/moved")).endswith('{"a": 1}')
    assert "leads to http://elsewhere.example/x" in told(http_request, ToolContext(), url=at(server, "/away"))
    with pytest.raises(RepairableToolError, match="on and on"):
        told(http_request, ToolContext(), url=at(server, "/round"))


def test_a_body_is_sent_with_its_kind(server: Server) -> None:
    """JSON is sent as JSON, other text as text; headers go along."""
    told(http_request, ToolContext(), url=at(server, "/x"), method="POST", body='{"a": 1}')
    told(http_request, ToolContext(), url=at(server, "/x"), method="PUT", body="a", headers={"X-A": "b"})
    (_, _, first, sent), (_, _, second, _) = server.seen
    assert (first["content-type"], sent) == ("application/json", b'{"a": 1}')
    assert (second["content-type"], second["x-a"]) == ("text/plain; charset=utf-8", "b")


@pytest.mark.parametrize("name", ["Authorization", "cookie", "X-API-Key"])
def test_no_key_is_sent(server: Server, name: str) -> None:
    """A header that carries a key is refused before anything is sent."""
    with pytest.raises(RepairableToolError, match="is not sent"):
        told(http_request, ToolContext(), url=at(server, "/x"), headers={name: "k"})
    assert server.seen == []


@pytest.mark.parametrize(
    ("arguments", "risk"),
    [
        ({"url": "https://example.org/a"}, "medium"),
        ({"url": "https://example.org/a", "method": "HEAD"}, "medium"),
        ({"url": f"https://example.org/{'a' * 300}"}, "high"),
        ({"url": "https://example.org/", "headers": {"x": "data"}}, "high"),
        ({"url": "https://example.org/", "method": "POST"}, "high"),
        ({"url": "https://example.org/", "body": "x"}, "high"),
        ({"url": "http://127.0.0.1:8888/api"}, "high"),
        ({"url": "http://[::1]/"}, "high"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "high"),
        ({"url": "http://10.0.0.1/"}, "high"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "high"),
        ({"url": "http://[fec0::1]/"}, "high"),
        ({"url": "http://[64:ff9b::7f00:1]/"}, "high"),
        ({"url": "http://[2002:7f00:1::]/"}, "high"),
        ({"url": "http://224.0.0.1/"}, "high"),
        ({"url": "http://[2606:4700::1111]/"}, "medium"),
        ({"url": "http://localhost/"}, "high"),
        ({"url": "http://intranet/"}, "high"),
        ({"url": "http://printer.local/"}, "high"),
    ],
)
def test_the_risk_is_in_what_is_sent_and_to_whom(arguments: dict[str, Any], risk: str) -> None:
    """A page of the web is medium; what carries data, changes something or lies inside the network is high."""
    found = assessed(http_request, ToolContext(), **arguments)
    assert (found.risk, found.effect) == (risk, "external")
    assert arguments["url"] in found.effect_text


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://a.test/", "example.org", "http://a:b@c.test/", "http://[::1", "http://a b/", ""],
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    """Before anybody is asked."""
    with pytest.raises(RepairableToolError):
        assessed(http_request, ToolContext(), url=url)


def test_a_public_name_for_a_private_address_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was judged as one of the web's is not used to reach into the network."""

    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", ("10.1.2.3", 0))]

    async def ask() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        await http_request.run({"url": "http://inside.example/"}, ToolContext())

    with pytest.raises(RepairableToolError, match=r"means 10\.1\.2\.3"):
        asyncio.run(ask())


def test_a_name_is_looked_up_once_and_asked_where_it_was_found(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means another address a moment later reaches nothing by that; the server hears the name."""
    means = [["127.0.0.2", "127.0.0.1"], ["10.0.0.1"]]

    async def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        assert host == "web.example"
        return [(2, 1, 6, "", (address, 0)) for address in means.pop(0)]

    async def ask() -> str:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        url = f"http://web.example:{server.server_port}/json"
        found = await http_request.run({"url": url}, ToolContext())
        return "".join(part.text for part in found.parts if isinstance(part, Text))

    monkeypatch.setattr(web, "_is_inside", lambda address: ip_address(address) in ip_network("10.0.0.0/8"))
    monkeypatch.setattr(web, "getproxies", dict)
    assert asyncio.run(ask()).endswith('{"a": 1}')
    assert server.seen[0][2]["host"] == f"web.example:{server.server_port}"
    with pytest.raises(RepairableToolError, match=r"means 10\.0\.0\.1"):
        asyncio.run(ask())
    assert len(server.seen) == 1


def test_a_name_that_means_nothing_is_not_asked_but_by_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a proxy asks, nobody here has to know the name; else a second look could find another answer."""

    async def resolve(*_: Any, **__: Any) -> list[Any]:
        raise OSError("no such name")

    async def places() -> list[str]:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        return await web.places_of("http://web.example/", private=False)

    monkeypatch.setattr(web, "getproxies", dict)
    with pytest.raises(RepairableToolError, match="did not answer"):
        asyncio.run(places())
    monkeypatch.setattr(web, "getproxies", lambda: {"http": "http://proxy:3128"})
    assert asyncio.run(places()) == []


def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer is an error that the model can read."""
    monkeypatch.setattr(web, "SECONDS", 1.0)
    with pytest.raises(RepairableToolError, match="did not answer"):
        told(http_request, ToolContext(), url="http://127.0.0.1:1/")
