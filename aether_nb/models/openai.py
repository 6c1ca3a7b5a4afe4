"""The OpenAI chat-completions format over HTTP: OpenAI itself, and every server that speaks as it does.

One request, one streamed answer, no second try: trying again, counting money and choosing another model are wrappers'
business. The key goes to the host of ``base_url`` and nowhere else, so redirects are not followed. This module knows no
settings, no environment and no run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Image, Message, Part, Text, ToolSpec
from aether_nb.models.assembly import ChatBody
from aether_nb.models.base import Delta, Request
from aether_nb.models.endpoint import Endpoint, broken_off, checked_address, key_unusable, refused, silent, unreachable
from aether_nb.models.history import merged, pictures_apart, repair

if TYPE_CHECKING:
    import httpx

__all__ = ["OPENAI", "OpenAIChat", "wire_messages", "wire_tools"]

OPENAI = "https://api.openai.com/v1"
"""Where OpenAI itself listens."""

CONNECT_SECONDS = 10.0
DRAIN_SECONDS = 0.25
"""How long the end of a finished answer is awaited, so that its connection can be used again."""

LARGEST_REFUSAL = 64 * 1024
"""How many bytes of an error's body are read."""


class OpenAIChat:
    """A model behind a chat-completions endpoint.

    Connections are opened on first use and kept, one pool for each event loop that asks; ``aclose`` closes those of the
    running one. A stream that is cancelled or closed early closes its connection at once.

    Args:
        model: The provider's name for the model.
        base_url: The address before ``/chat/completions``, with http or https.
        api_key: Sent as a bearer token to that host only; empty for servers that want none. A function is called for
            each request, so that a key that was put right counts at once.
        name: How a person would type it; ``openai:MODEL`` unless given.
        timeout: The longest silence between two pieces, in seconds.
        key_variable: The environment variable that the key came from, for what errors say.

    Raises:
        ConfigError: ``base_url`` is no http address, or it contains a password.
    """

    def __init__(
        self,
        model: str,
        base_url: str = OPENAI,
        api_key: str | Callable[[], str] = "",
        name: str = "",
        timeout: float = 300.0,
        key_variable: str = "",
    ) -> None:
        self.model = model
        self.timeout = timeout
        self._name = name or f"openai:{model}"
        self._address = checked_address(base_url)
        self._key = api_key
        self._variable = key_variable
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    @property
    def name(self) -> str:
        """``provider:model``, as a person would type it."""
        return self._name

    @property
    def endpoint(self) -> Endpoint:
        """Who is asked and where, with the key as it is now."""
        key = self._key if isinstance(self._key, str) else self._key()
        return Endpoint(self._name, self._address, key.strip(), self._variable)

    def __repr__(self) -> str:
        return f"OpenAIChat({self._name!r} at {self._address})"

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Answer, piece by piece: one delta for each read from the network, then the whole reply.

        Raises:
            ModelUnavailable: It cannot be reached, refused, broke off, or sent what cannot be read.
        """
        import httpx

        endpoint = self.endpoint
        client, headers, content = self._client(), _headers(endpoint), self._body(request)
        url = endpoint.base_url + "/chat/completions"
        body = ChatBody(endpoint)
        try:
            async with client.stream("POST", url, headers=headers, content=content) as response:
                if response.status_code != 200:
                    raise await _refusal(endpoint, response)
                pieces = response.aiter_bytes()
                try:
                    async for piece in pieces:
                        if (delta := body.feed(piece)) != Delta():
                            yield delta
                        if body.done:
                            break
                except httpx.HTTPError:
                    if not body.finished:
                        raise
                if (delta := body.close()) != Delta():
                    yield delta
                yield Delta(reply=body.reply())
                await _drain(pieces)
        except httpx.HTTPError as error:
            raise self._failure(endpoint, error) from error

    async def aclose(self) -> None:
        """Close the connections of the running event loop. The model may be asked again."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _client(self) -> httpx.AsyncClient:
        """The connections of the running loop: sockets cannot be shared between loops."""
        import httpx

        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            timeout = httpx.Timeout(self.timeout, connect=min(CONNECT_SECONDS, self.timeout))
            # A proxy of the environment is no way to this very machine.
            client = httpx.AsyncClient(timeout=timeout, trust_env=not _is_this_machine(self._address))
            self._clients[loop] = client
        return client

    def _body(self, request: Request) -> bytes:
        body: dict[str, Any] = {"model": self.model, "messages": wire_messages(request.messages), "stream": True}
        body["stream_options"] = {"include_usage": True}
        if request.tools:
            body["tools"] = wire_tools(request.tools)
        # Half of a surrogate pair is no character; data may contain one all the same.
        return _compact(body).encode("utf-8", "replace")

    def _failure(self, endpoint: Endpoint, error: httpx.HTTPError) -> ModelUnavailable:
        """The error that a broken connection stands for."""
        import httpx

        cause = str(error) or type(error).__name__
        if isinstance(error, httpx.ConnectTimeout):
            return unreachable(endpoint, f"no connection within {min(CONNECT_SECONDS, self.timeout):g} s")
        if isinstance(error, httpx.TimeoutException):
            return silent(endpoint, self.timeout)
        if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
            return unreachable(endpoint, cause)
        return broken_off(endpoint, cause)


def wire_messages(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The messages as the format wants them, repaired first. Thinking is not sent: it belongs to its provider."""
    return [_wire_message(message) for message in merged(pictures_apart(repair(tuple(messages))))]


def wire_tools(tools: Iterable[ToolSpec]) -> list[dict[str, Any]]:
    """The tools as the format wants them."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
        }
        for tool in tools
    ]


def _headers(endpoint: Endpoint) -> dict[str, str]:
    headers = {"accept": "application/json", "content-type": "application/json", "user-agent": "aether-nb"}
    key = endpoint.key
    if key:
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise key_unusable(endpoint)
        headers["authorization"] = f"Bearer {key}"
    return headers


async def _refusal(endpoint: Endpoint, response: httpx.Response) -> ModelUnavailable:
    """The error that a status other than 200 stands for."""
    import httpx

    body = b""
    with contextlib.suppress(httpx.HTTPError):  # the status alone says enough
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > LARGEST_REFUSAL:
                break
    return refused(endpoint, response.status_code, body, response.headers)


def _wire_message(message: Message) -> dict[str, Any]:
    text = "\n\n".join([part.text for part in message.parts if isinstance(part, Text) and part.text])
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": text or "(nothing to show as text)"}
    if message.role == "assistant" and message.calls:
        calls = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _compact(dict(call.arguments))},
            }
            for call in message.calls
        ]
        return {"role": "assistant", "content": text or None, "tool_calls": calls}
    if message.role == "user" and any(isinstance(part, Image) for part in message.parts):
        return {"role": "user", "content": [_wire_part(part) for part in message.parts if part != Text("")]}
    return {"role": message.role, "content": text}


def _wire_part(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": f"data:{part.mime};base64,{part.base64}"}}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read to the end of a finished answer, if it comes soon."""
    import httpx

    with contextlib.suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in pieces:
                pass
