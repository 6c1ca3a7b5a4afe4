"""The Anthropic messages format as tests need it: recordings, what the official client makes of them, its own recorded
requests, and the rules that a request has to keep.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from aether_nb.events.messages import Message
from aether_nb.models.base import Options, Reply, Request
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.anthropic import AnthropicFormat
from aether_nb.models.sending.http import HttpModel
from harness import recorded
from harness.chat import asking
from harness.loopback import Loopback, Play, events, loopback

KEY = "sk-ant-secret-0123456789"
GOLDEN = recorded.FOLDER / "golden"
HELLO = Request((Message.of("user", "hi ünï ✓"),))
THINKING = ("thinking", "redacted_thinking")


def profile(url: str = "https://api.anthropic.com", **more: Any) -> Profile:
    row: dict[str, Any] = {"provider": "anthropic", "wire": "anthropic", "auth": "x-api-key"}
    return Profile(model="claude-x", base_url=url, **row | more)


def messages_model(url: str, **more: Any) -> HttpModel:
    return HttpModel(profile(url, **more), AnthropicFormat(), KEY)


def body(request: Request | Sequence[Message], options: Options | None = None, **more: Any) -> dict[str, Any]:
    """What is sent for a request, or for messages."""
    if not isinstance(request, Request):
        request = Request(tuple(request), options=options or Options(), stream=False)
    value: dict[str, Any] = json.loads(AnthropicFormat().body(request, profile(**more)))
    return value


def recordings(*, status: int = 200) -> list[dict[str, Any]]:
    """The recorded exchanges in this format; nothing when the recordings are not here."""
    if not recorded.FILE.is_file():
        return []
    with gzip.open(recorded.FILE, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["kind"] == "anthropic-messages" and row["status"] == status]


def play(row: dict[str, Any], pieces: Sequence[bytes] = ()) -> Play:
    kind = "text/event-stream" if row["stream"] else "application/json"
    return Play(pieces or [row["body"].encode()], row["status"], kind)


async def reply_to(*chunks: dict[str, Any], request: Request = HELLO) -> Reply:
    """The reply that these events come to."""
    async with loopback(stream(*chunks)) as server:
        model = messages_model(server.url)
        try:
            return await asking(model, request)
        finally:
            await model.aclose()


def stream(*chunks: dict[str, Any]) -> Play:
    return Play([events(*chunks, done=False)])


def start(**usage: int) -> dict[str, Any]:
    return {"type": "message_start", "message": {"model": "m", "content": [], "usage": usage}}


def block(index: int, value: dict[str, Any], *deltas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A block from its beginning to its end."""
    yield {"type": "content_block_start", "index": index, "content_block": value}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def text(index: int, *pieces: str) -> Iterator[dict[str, Any]]:
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def tool(index: int, *pieces: str, **more: Any) -> Iterator[dict[str, Any]]:
    value = {"type": "tool_use", "id": f"toolu_{index}", "name": "look", "input": {}} | more
    return block(index, value, *({"type": "input_json_delta", "partial_json": piece} for piece in pieces))


def stop(reason: str | None, **usage: int) -> Iterator[dict[str, Any]]:
    yield {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}
    yield {"type": "message_stop"}


async def official(server: Loopback, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the official client assembles from the answers of a server, one for each recording."""
    import anthropic

    asked: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    messages = []
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=server.url.removesuffix("/v1"), max_retries=0) as client:
        for row in rows:
            if row["stream"]:
                async with client.beta.messages.stream(**asked) as answer:
                    message = await answer.get_final_message()
            else:
                message = await client.beta.messages.create(**asked)
            # It warns of blocks that came while its types were written.
            messages.append(message.to_dict(mode="json", warnings=False))
    return messages


def faults(asked: dict[str, Any]) -> list[str]:
    """The rules of the interface that a request breaks."""
    return [*_settings(asked), *_tools(asked), *_turns(asked["messages"]), *_thinking(asked)]


def _settings(asked: dict[str, Any]) -> Iterator[str]:
    if not (isinstance(asked.get("model"), str) and isinstance(asked.get("max_tokens"), int)):
        yield "model and max_tokens are required"
    if "system" in asked and not (isinstance(asked["system"], list) or asked["system"].strip()):
        yield "system says nothing"
    if any(not text.strip() for text in asked.get("stop_sequences", ["x"])):
        yield "a stop sequence is blank"
    if {"temperature", "top_p"} <= asked.keys() or not 0 <= asked.get("temperature", 0) <= 1:
        yield "temperature and top_p, or a temperature beyond 1"
    if json.dumps(asked).count('"cache_control": {') > 4:
        yield "more than four cache points"
    if "null" in json.dumps([value for name, value in asked.items() if name not in ("tools", "messages")]):
        yield "a field is null"


def _tools(asked: dict[str, Any]) -> Iterator[str]:
    names = [each["name"] for each in asked.get("tools", ())]
    if len(set(names)) < len(names) or asked.get("tools") == []:
        yield "tools are not unique, or none"
    if any(each["input_schema"].get("type") != "object" for each in asked.get("tools", ())):
        yield "a schema of a tool is no object's"
    if "tool_choice" in asked and asked["tool_choice"].get("name", [*names, ""][0]) not in names:
        yield "the chosen tool is none of the tools"
    if not names and '"type": "tool_use"' in json.dumps(asked["messages"]):
        yield "calls, but no tools"


def _turns(messages: list[dict[str, Any]]) -> Iterator[str]:
    if not messages or messages[0]["role"] != "user":
        yield "a user does not begin"
    if any(before["role"] == after["role"] for before, after in pairwise(messages)):
        yield "speakers do not take turns"
    seen: set[str] = set()
    open_calls: list[str] = []
    for place, message in enumerate(messages):
        content = blocks_of(message)
        if not content:
            yield f"message {place} is empty"
        results = [each["tool_use_id"] for each in content if each["type"] == "tool_result"]
        if sorted(results) != sorted(open_calls):
            yield f"message {place} does not answer the calls before it"
        if [each["type"] for each in content[: len(results)]] != ["tool_result"] * len(results):
            yield f"in message {place} something stands before the results"
        open_calls = [each["id"] for each in content if each["type"] == "tool_use"]
        if seen.intersection(open_calls) or len(set(open_calls)) < len(open_calls):
            yield f"message {place} uses the id of a call again"
        seen.update(open_calls)
        for each in content:
            yield from _block(each, message["role"], place)
        last = content[-1] if content else {}
        if last.get("type") in THINKING:
            yield f"message {place} ends with thinking"
        if message["role"] == "assistant" and last.get("type") == "text" and last["text"] != last["text"].rstrip():
            yield f"message {place} ends with white space"
    if open_calls:
        yield "the last calls have no results"


def blocks_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The blocks of a message; a string is one of text."""
    content: Any = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _block(each: dict[str, Any], role: str, place: int) -> Iterator[str]:
    kind = each["type"]
    speakers = {"tool_use": "assistant", "tool_result": "user", "image": "user"} | dict.fromkeys(THINKING, "assistant")
    if speakers.get(kind, role) != role:
        yield f"message {place}: {kind} by the {role}"
    if kind == "text" and not each["text"].strip():
        yield f"message {place}: a text is blank"
    if kind == "thinking" and not isinstance(each.get("signature"), str):
        yield f"message {place}: thinking without a signature"
    if kind == "tool_use" and not (re.fullmatch(r"[\w-]+", each["id"], re.A) and isinstance(each["input"], dict)):
        yield f"message {place}: a call that is none"
    if kind == "tool_use" and not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", each["name"]):
        yield f"message {place}: no name of a tool"
    if kind == "tool_result":
        if not each["content"] or (isinstance(each["content"], str) and not each["content"].strip()):
            yield f"message {place}: an empty result"
        if isinstance(each["content"], list):
            for inner in each["content"]:
                yield from _block(inner, role, place)
    if kind == "image" and each["source"]["media_type"].removeprefix("image/") not in ("png", "jpeg", "gif", "webp"):
        yield f"message {place}: a picture that nobody can see"
    if kind in THINKING and "cache_control" in each:
        yield f"message {place}: a cache point on thinking"


def _thinking(asked: dict[str, Any]) -> Iterator[str]:
    thinking = asked.get("thinking", {"type": "disabled"})
    if thinking["type"] == "disabled":
        return
    if asked.get("tool_choice", {}).get("type") in ("any", "tool"):
        yield "thinking and a forced tool"
    if {"temperature", "top_p"} & asked.keys():
        yield "thinking and sampling"
    if thinking["type"] == "enabled":
        if not 1024 <= thinking["budget_tokens"] < asked["max_tokens"]:
            yield "the budget is too small, or leaves no room for the answer"
        first = None
        for message in reversed(asked["messages"]):
            content = blocks_of(message)
            if message["role"] == "user" and content[0]["type"] != "tool_result":
                break
            first = content[0]["type"] if message["role"] == "assistant" else first
        if first is not None and first not in THINKING:
            yield "tools are in use without thinking before them"
