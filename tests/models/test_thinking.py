"""Thinking in chat completions: wherever a server puts it, it is shown once, kept apart, and sent back as it came."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from aether_nb.events.messages import Message, Origin, ToolCall, Usage
from aether_nb.models.base import Reply, Request
from aether_nb.models.endpoints.endpoint import Endpoint
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.counts import read_usage
from aether_nb.models.formats.openai import OpenAIFormat
from harness.loopback import cut, events, says

PROFILE = Profile("acme", "m", "http://host/v1")
HI = Message.of("user", "hi")


def assembled(data: bytes, places: Any = (), **quirks: Any) -> tuple[Reply, str, str]:
    """The reply, and the text and thinking of all deltas."""
    body = OpenAIFormat().decoder(Endpoint("acme:m", "http://host/v1"), replace(PROFILE, **quirks))
    deltas = [body.feed(piece) for piece in cut(data, places)]
    deltas.append(body.close())
    return body.reply(), "".join(delta.text for delta in deltas), "".join(delta.thinking for delta in deltas)


TAGS: dict[str, tuple[list[str], dict[str, Any], tuple[str, str]]] = {
    "tags": (["<think>hm", "\nso</think>", "\n\nhi <b>"], {"think_tags": True}, ("hi <b>", "hm\nso")),
    "white space around": (["\n <think>\n hm", "</think>\n hi"], {"think_tags": True}, ("hi", "hm")),
    "nothing thought": (["<think>\n\n</think>\n\nhi"], {"think_tags": True}, ("hi", "")),
    "twice": (["<think>a</think>\n<think>b</think>hi"], {"think_tags": True}, ("hi", "ab")),
    "never closed": (["<think>a", " b </thi"], {"think_tags": True}, ("", "a b </thi")),
    "no tag": (["<thing>"], {"think_tags": True}, ("<thing>", "")),
    "half a tag": (["<thi"], {"think_tags": True}, ("<thi", "")),
    "a tag further down": (["so <think>"], {"think_tags": True}, ("so <think>", "")),
    "white space that stays": (["\n ", "hi "], {"think_tags": True}, ("\n hi ", "")),
    "white space that goes": (["\n ", "hi "], {"trim_start": True}, ("hi ", "")),
    "only white space": (["\n ", " "], {"trim_start": True}, ("", "")),
    "no habit": (["\n<think>a</think>"], {}, ("\n<think>a</think>", "")),
}


@pytest.mark.parametrize(("texts", "quirks", "expected"), TAGS.values(), ids=TAGS.keys())
def test_the_beginning_of_a_text(texts: list[str], quirks: dict[str, Any], expected: tuple[str, str]) -> None:
    """Thinking between tags and white space before the answer are no answer, wherever the text is cut."""
    whole = "".join(texts)
    ways = [texts, [whole], list(whole), *([whole[:place], whole[place:]] for place in range(len(whole)))]
    for way in ways:
        reply, text, thinking = assembled(events(*(says(content=part) for part in way), says(finish="stop")), **quirks)
        assert (reply.message.text, reply.message.thinking) == (text, thinking) == expected


def test_said_twice() -> None:
    """A server that puts the same thinking into a field and between tags is heard once, whichever comes first."""
    field, tags = says(reasoning_content="hm"), says(content="<think>hm</think>")
    both = says(content="<think>hm</think>", reasoning_content="hm")
    for chunks in ([field, tags], [tags, field], [both]):
        reply, text, thinking = assembled(events(*chunks, says(content="hi", finish="stop")), think_tags=True)
        assert (reply.message.text, text, reply.message.thinking, thinking) == ("hi", "hi", "hm", "hm")
    fields = events(says(reasoning_content="hm", reasoning="hm"), says(content="hi", finish="stop"))
    assert assembled(fields)[0].message.thinking == "hm"


def detail(index: int, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "index": index, "text": text, **more}


LOCKED = {"type": "reasoning.encrypted", "index": 1, "data": "xyz", "id": "rs_1"}
KEPT: dict[str, tuple[list[Any], str, dict[str, Any]]] = {
    "reasoning_content": (
        [says(reasoning_content="h"), says(reasoning_content="m")], "reasoning_content", {"reasoning_content": "hm"}),
    "reasoning": ([says(reasoning="h"), says(reasoning="m")], "reasoning", {"reasoning": "hm"}),
    "the other field": ([says(reasoning="hm")], "reasoning_content", {"reasoning": "hm"}),
    "details": (
        [says(reasoning="h", reasoning_details=[detail(0, "h", format="f")]),
         says(reasoning="m", reasoning_details=[detail(0, "m", format="f")]),
         says(reasoning_details=[detail(0, "", signature="s", format=None)]),
         says(reasoning_details=[LOCKED])],
        "reasoning_details",
        {"reasoning_details": [detail(0, "hm", format="f", signature="s"), LOCKED]}),
    "details in one piece": (
        [says(reasoning_details=[detail(0, "h"), detail(0, "m"), LOCKED])],
        "reasoning_details", {"reasoning_details": [detail(0, "h"), detail(0, "m"), LOCKED]}),
}  # fmt: skip


@pytest.mark.parametrize(("chunks", "field", "returned"), KEPT.values(), ids=KEPT.keys())
def test_thinking_goes_back_as_it_came(chunks: list[Any], field: str, returned: dict[str, Any]) -> None:
    """What a server thought goes back in its own field, put together and otherwise unchanged; and only if it should."""
    data = events(*chunks, says(content="hi", finish="stop"))
    reply, _, shown = assembled(data, thinking_field=field)
    assert (reply.message.thinking, shown) == ("hm", "hm")
    assert reply.message.origin == Origin("acme", {"model": "m", "thinking": returned})
    history = Request((HI, reply.message, HI))
    sent = json.loads(OpenAIFormat().body(history, replace(PROFILE, thinking_field=field)))["messages"][1]
    assert sent == {"role": "assistant", "content": "hi"} | returned
    assert assembled(data)[0].message.origin is None


def test_signatures_of_calls() -> None:
    """What came with a call goes back with it, also when the server gave no id, and nothing of it is looked into."""
    signature = {"google": {"thought_signature": "abc"}}
    entries = [
        {"index": 0, "id": "", "function": {"name": "look", "arguments": "{}"}, "extra_content": signature},
        {"index": 1, "id": "b", "function": {"name": "look", "arguments": "{}"}},
    ]
    reply, _, _ = assembled(events(says(tool_calls=entries), says(extra_content={"google": {"thought": True}})))
    first, second = reply.message.calls
    assert second == ToolCall("b", "look", {})
    assert reply.message.origin == Origin(
        "acme",
        {"model": "m", "calls": {first.id: signature}, "extra_content": {"google": {"thought": True}}},
    )
    sent = json.loads(OpenAIFormat().body(Request((HI, reply.message)), PROFILE))["messages"][1]
    assert sent["extra_content"] == {"google": {"thought": True}}
    assert [call.get("extra_content") for call in sent["tool_calls"]] == [signature, None]


USAGES: dict[str, tuple[dict[str, Any], Usage]] = {
    "OpenAI": (
        {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14,
         "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
         "completion_tokens_details": {"reasoning_tokens": 3}},
        Usage(9, 5, None, 4, 0, 3)),
    "DeepSeek": (
        {"prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 5},
        Usage(9, 5, None, 4)),
    "Kimi": ({"prompt_tokens": 9, "completion_tokens": 5, "cached_tokens": 4}, Usage(9, 5, None, 4)),
    "Google": ({"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 20}, Usage(9, 11, None, 0, 0, 6)),
    "OpenRouter": (
        {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14, "cost": 0.25, "is_byok": False,
         "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2}},
        Usage(9, 5, 0.25, 1, 2)),
    "OpenRouter with the user's own key": (
        {"prompt_tokens": 9, "completion_tokens": 5, "cost": 0, "is_byok": True}, Usage(9, 5)),
    "Perplexity": (
        {"prompt_tokens": 9, "completion_tokens": 5, "cost": {"total_cost": 0.5}}, Usage(9, 5, 0.5)),
    "LiteLLM": (
        {"prompt_tokens": 9, "completion_tokens": 5, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2},
        Usage(9, 5, None, 4, 2)),
    "pictures": (
        {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"image_tokens": 7}},
        Usage(9, 5, image_tokens=7)),
    "nonsense": (
        {"prompt_tokens": None, "completion_tokens": "5", "prompt_tokens_details": 7, "cost": -1}, Usage()),
}  # fmt: skip


@pytest.mark.parametrize(("usage", "expected"), USAGES.values(), ids=USAGES.keys())
def test_what_it_cost(usage: dict[str, Any], expected: Usage) -> None:
    """Cached, reasoning and image tokens and the price are read from where each server puts them, or not at all."""
    assert read_usage(usage) == expected
