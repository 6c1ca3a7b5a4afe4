"""Fetching a page that a person named: what is there, or a plain reason; never from outside into one's own network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aether_nb.errors import SourceUnreadable
from aether_nb.tools import fetching
from aether_nb.tools.fetching import fetch_page


class Site(BaseHTTPRequestHandler):
    """A few pages."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A page, a way to another, an endless way, a page that is not there, one that is too large."""
        moves = {"/moved": "/page", "/round": "/round"}
        if self.path in moves:
            self.send_response(302)
            self.send_header("location", moves[self.path])
            self.end_headers()
            return
        bodies = {"/page": b"<p>words</p>", "/large": b"x" * 5000}
        body = bodies.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body or b"no")


@pytest.fixture
def site() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


async def test_a_page_is_had_with_its_kind_also_where_it_moved(site):
    """Bytes and content type, whatever the number of ways to it."""
    for path in ("/page", "/moved"):
        assert await fetch_page(site + path) == (b"<p>words</p>", "text/html")


@pytest.mark.parametrize(
    ("path", "why"),
    [("/none", "404 Not Found"), ("/round", "leads on and on"), ("/large", "too large")],
)
async def test_a_page_that_cannot_be_had_says_why(site, path, why, monkeypatch):
    """Not there, a circle, too much: each is told apart, and named by the address that was typed."""
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    with pytest.raises(SourceUnreadable, match=why) as caught:
        await fetch_page(site + path)
    assert caught.value.what.startswith(site + path)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/x", "did not answer"),
        ("ftp://example.org/x", "no address of the web"),
        ("http://anna:secret@example.org/", "name or password"),
    ],
)
async def test_what_is_no_address_or_has_nobody_there(url, why):
    """Nobody listens, another kind of address, a password in it: refused before anything is sent."""
    with pytest.raises(SourceUnreadable, match=why):
        await fetch_page(url)


async def test_a_page_outside_leads_to_nothing_inside(site, monkeypatch):
    """A public address that sends on to a private one is not followed there."""
    monkeypatch.setattr(fetching, "is_private", lambda host: host != "127.0.0.1")
    monkeypatch.setattr(fetching, "places_of", _fine)
    moved = site.replace("127.0.0.1", "localhost")
    monkeypatch.setattr(fetching, "urljoin", lambda place, leads: moved + leads)
    with pytest.raises(SourceUnreadable, match="leads to localhost, which lies inside your network"):
        await fetch_page(site + "/moved")


async def _fine(place: str, private: bool) -> list[str]:
    return []
