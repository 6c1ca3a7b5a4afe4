"""One request over HTTP, one streamed answer: the only place from which a model is asked over a network.

What is sent and how it is read is the format's business; trying again, counting money and choosing another model are
wrappers'. A request that the server refuses for a field of it that can be left out or renamed is mended once, and the
model remembers. The key goes to the host of the profile's address and nowhere else, so redirects are not followed. This
module knows no settings, no environment and no run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from aether_nb.errors import ModelUnavailable
from aether_nb.models.base import NOTHING, Delta, Request
from aether_nb.models.endpoints.address import is_local
from aether_nb.models.endpoints.endpoint import (
    Endpoint,
    broken_off,
    checked_address,
    refused,
    silent,
    unreachable,
    unreadable,
    unsendable,
)
from aether_nb.models.endpoints.headers import headers
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.endpoints.proxies import proxy_of, proxy_to
from aether_nb.models.endpoints.secret import Secret
from aether_nb.models.formats.wire import Format
from aether_nb.models.sending.fixes import mended

if TYPE_CHECKING:
    import httpx

__all__ = ["HttpModel"]

CONNECT_SECONDS = 10.0
DRAIN_SECONDS = 0.25
"""How long the end of a finished answer is awaited, so that its connection can be used again."""

PATIENCE = 3
"""For so many times the longest silence bytes may come that say nothing: comments, or a piece that has no end."""

LARGEST_REFUSAL = 64 * 1024
"""How many bytes of an error's body are read."""

REFUSAL_SECONDS = 2.0
"""How long that may take: its status says most of it."""

MOST_FIXES = 3
"""How often one request is mended; each mending is for another field."""


class HttpModel:
    """A model behind an HTTP endpoint.

    Connections are opened on first use and kept, one pool for each event loop that asks; ``aclose`` closes those of the
    running one. A stream that is cancelled or closed early closes its connection at once.

    Args:
        profile: Who is asked and how. What a refusal taught is remembered in ``profile``.
        wire: The wire format; it belongs to this model alone.
        key: Empty for servers that want none. A function is called for each request, so that a key that was put right
            counts at once.
        name: How a person would type it; the profile's name unless given.
        timeout: The longest silence between two pieces, in seconds.

    Raises:
        ConfigError: The address is no http address, or it contains a password.
    """

    def __init__(
        self,
        profile: Profile,
        wire: Format,
        key: str | Callable[[], str] = "",
        name: str = "",
        timeout: float = 300.0,
    ) -> None:
        key = Secret(key) if isinstance(key, str) else key
        self.profile, self.wire, self.timeout = profile, wire, timeout
        self._name = name or profile.name
        self._address = checked_address(profile.base_url)
        self._key = key
        self._url: httpx.URL | None = None
        self._pools: dict[asyncio.AbstractEventLoop, httpx.AsyncHTTPTransport] = {}

    @property
    def name(self) -> str:
        """``provider:model``, as a person would type it."""
        return self._name

    @property
    def endpoint(self) -> Endpoint:
        """Who is asked and where, with the key as it is now."""
        key = Secret((self._key if isinstance(self._key, str) else self._key()).strip())
        variables, provider = self.profile.key_variables, self.profile.provider
        variable, provider = variables[0] if variables else "", "" if "://" in provider else provider
        return Endpoint(self._name, self._address, key, variable, provider, self.profile.ends)

    def __repr__(self) -> str:
        return f"HttpModel({self._name!r} at {self._address})"

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Answer, piece by piece: one delta for each read from the network, then the whole reply.

        Raises:
            ModelUnavailable: It cannot be reached, refused, broke off, or sent what cannot be read.
        """
        import httpx

        endpoint, notes, piece = self.endpoint, list[str](), b""
        clock = asyncio.get_running_loop().time
        try:
            async with contextlib.aclosing(self._accepted(endpoint, request, notes)) as responses:
                async for response in responses:
                    decoder = self.wire.decoder(endpoint, self.profile)
                    # What is not compressed needs none of the response's layers.
                    plain = "content-encoding" not in response.headers
                    stream = cast("httpx.AsyncByteStream", response.stream)
                    pieces = aiter(stream) if plain else response.aiter_bytes()
                    ended, heard = False, clock()
                    try:
                        async for piece in pieces:
                            delta = decoder.feed(piece)
                            if delta.text or delta.thinking or delta.call:
                                yield delta
                                heard = clock()
                            elif clock() - heard > PATIENCE * self.timeout:
                                raise silent(endpoint, PATIENCE * self.timeout)
                            if decoder.done:
                                break
                        else:
                            ended = True
                    except httpx.HTTPError:
                        if not decoder.finished:
                            raise
                    if (delta := decoder.close()) != NOTHING:
                        yield delta
                    reply = decoder.reply()
                    yield Delta(reply=replace(reply, notes=(*notes, *reply.notes)) if notes else reply)
                    if not ended:
                        await _drain(pieces)
            return
        except ModelUnavailable as error:
            failure = error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = self._failure(endpoint, error)
        except RecursionError:
            failure = unreadable(endpoint, "it is nested too deeply")
        # What led to it holds the request with its headers, and what the server said, which may show the key: all that
        # people may know of it is in the error. Neither goes along, so it is raised where nothing is being handled.
        del piece
        failure.__cause__ = failure.__context__ = None
        raise failure.with_traceback(None)

    async def aclose(self) -> None:
        """Close the connections of the running event loop. The model may be asked again."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()
        await self._sweep()

    async def _accepted(
        self, endpoint: Endpoint, request: Request, notes: list[str]
    ) -> AsyncGenerator[httpx.Response, None]:
        """The one response that is a success, open while it is read; a refusal that names a field is mended first.

        Args:
            endpoint: Who is asked.
            request: What is asked.
            notes: Takes what the answer loses by a mending.
        """
        import httpx

        headers, pool, url = self._headers(endpoint), await self._pool(endpoint), self._place(endpoint)
        # Handed to the connections themselves: what the library's client adds (merged headers, cookies, redirects) is
        # not wanted here, and costs a sixth of a request.
        extensions = {"timeout": self._timeouts().as_dict()}
        attempts = 0
        while True:
            profile = self.profile
            content = self.wire.body(request, profile)
            asked = httpx.Request("POST", url, headers=headers, content=content, extensions=extensions)
            response = await pool.handle_async_request(asked)
            try:
                if response.status_code == 200:
                    yield response
                    return
                body = await _read_refusal(response)
            except GeneratorExit:  # left early, or no good: what still lies in the connection is no next answer
                await response.extensions["network_stream"].aclose()
                raise
            finally:
                await response.aclose()
            attempts += 1
            if self.profile is profile or attempts > MOST_FIXES:  # else another request has learned meanwhile
                fixed = mended(profile, request, response.status_code, body) if attempts <= MOST_FIXES else None
                if fixed is None:
                    raise refused(endpoint, response.status_code, body, response.headers)
                self.profile = fixed.profile
                notes += filter(None, [fixed.note])

    def _place(self, endpoint: Endpoint) -> httpx.URL:
        """Where requests go, read once."""
        import httpx

        if self._url is None:
            base = self._address.removesuffix("/v1") if self.wire.path.startswith("/v1/") else self._address
            try:
                url = httpx.URL(base + self.wire.path)
                if not url.host:  # read here for the first time: it may be no name that can be asked for
                    raise httpx.InvalidURL("it names no host")
            except (httpx.InvalidURL, UnicodeError) as error:
                raise unreachable(endpoint, str(error), retryable=False) from error
            self._url = url
        return self._url

    async def _sweep(self) -> None:
        """Close what belongs to event loops that are closed: nobody else will, and each would keep its sockets open."""
        for loop in [loop for loop in list(self._pools) if loop.is_closed()]:
            if (pool := self._pools.pop(loop, None)) is not None:
                await _hang_up(loop, pool)

    async def _pool(self, endpoint: Endpoint) -> httpx.AsyncHTTPTransport:
        """The connections of the running loop: sockets cannot be shared between loops."""
        import httpx

        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            await self._sweep()
            # A proxy of the environment is no way to this very machine.
            outside = not is_local(self._address, None)
            proxy = proxy_to(self._address) if outside else ""
            try:
                pool = httpx.AsyncHTTPTransport(trust_env=outside, proxy=proxy or None)
            except (ImportError, ValueError, OSError) as error:
                cause = f"the environment's proxy or certificates cannot be used ({error}){self._way()}"
                raise unreachable(endpoint, cause, retryable=False) from error
            self._pools[loop] = pool
        return pool

    def _timeouts(self) -> httpx.Timeout:
        import httpx

        return httpx.Timeout(self.timeout, connect=min(CONNECT_SECONDS, self.timeout))

    def _headers(self, endpoint: Endpoint) -> dict[str, str]:
        try:
            own = headers(self.profile, endpoint.key)
        except ValueError as error:
            raise unsendable(endpoint, str(error)) from error
        return {"accept-encoding": "gzip, deflate", "content-type": "application/json", **own}

    def _failure(self, endpoint: Endpoint, error: httpx.HTTPError | httpx.InvalidURL) -> ModelUnavailable:
        """The error that a broken connection stands for."""
        import httpx

        cause = (str(error) or type(error).__name__) + self._way()
        if isinstance(error, httpx.ConnectTimeout):
            return unreachable(endpoint, f"no connection within {min(CONNECT_SECONDS, self.timeout):g} s{self._way()}")
        if isinstance(error, httpx.TimeoutException):
            return silent(endpoint, self.timeout)
        if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol | httpx.InvalidURL):
            lasting = isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL) or "CERTIFICATE" in cause
            return unreachable(endpoint, cause, retryable=not lasting)
        if isinstance(error, httpx.LocalProtocolError):  # its words may show the header that it is about
            return unsendable(endpoint, "The request breaks the rules of HTTP; a header of the row may be the reason.")
        return broken_off(endpoint, cause)

    def _way(self) -> str:
        """The proxy of the environment that may be to blame, for the end of a cause; empty where none is asked."""
        proxy = "" if is_local(self._address, None) else proxy_of(self._address)
        return f" (asked through the proxy {proxy} of the environment)" if proxy else ""


async def _hang_up(loop: asyncio.AbstractEventLoop, pool: httpx.AsyncHTTPTransport) -> None:
    """Close the connections of an event loop that is closed."""
    with contextlib.suppress(TypeError):  # a loop that is not of the standard library has no such table
        # To close, a connection asks its loop to do something next; a closed one has no next, so it is done at once.
        vars(loop)["call_soon"] = lambda callback, *arguments, context=None: callback(*arguments)
    with contextlib.suppress(RuntimeError, OSError):  # it may be closed by halves; nothing more can be done for it
        await pool.aclose()


async def _read_refusal(response: httpx.Response) -> bytes:
    """What a refusal says, or the beginning of it."""
    import httpx

    body = b""
    with contextlib.suppress(httpx.HTTPError, TimeoutError):  # the status alone says enough
        async with asyncio.timeout(REFUSAL_SECONDS):
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > LARGEST_REFUSAL:
                    break
    return body


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read to the end of a finished answer, if it comes soon."""
    import httpx

    with contextlib.suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in pieces:
                pass
