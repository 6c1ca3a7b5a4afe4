"""What the official client makes of the same bytes, and what it sends for the same conversation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import openai
from openai.lib.streaming.chat import ChatCompletionStreamState

from harness.recorded import thinking_of

SENT = [{"role": "user", "content": "hi"}]


def client(url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=url, api_key="sk-test", max_retries=0, timeout=30)


async def assembled(asking: openai.AsyncOpenAI, stream: bool) -> dict[str, Any]:
    """What the client's own accumulator makes of one answer, in the form of ``recorded.said``.

    Thinking is no part of the official format: the client keeps the fields that it does not know, joined like all
    others, and they are read from there.
    """
    ask: Callable[..., Any] = asking.chat.completions.create
    if stream:
        state: ChatCompletionStreamState[Any] = ChatCompletionStreamState()
        async for chunk in await ask(model="m", messages=SENT, stream=True):
            if chunk.choices or chunk.usage:
                state.handle_chunk(chunk)
        completion: Any = state.current_completion_snapshot
    else:
        completion = await ask(model="m", messages=SENT)
    choice = completion.choices[0]
    message = choice.message.model_dump()
    calls = [
        (call["id"] or "", call["function"]["name"], json.loads(call["function"]["arguments"] or "{}"))
        for call in message.get("tool_calls") or []
    ]
    text = (message["content"] or "") + (message.get("refusal") or "")
    usage = completion.usage
    details = (usage.prompt_tokens_details, usage.completion_tokens_details) if usage else (None, None)
    return {
        "text": "" if calls and not text.strip() else text,
        "thinking": thinking_of(message),
        "calls": calls,
        "finish": "tool_calls" if calls else choice.finish_reason or "stop",
        "usage": (usage.prompt_tokens, max(usage.completion_tokens, usage.total_tokens - usage.prompt_tokens))
        if usage
        else (0, 0),
        "cached": (details[0] and details[0].cached_tokens) or 0,
        "reasoning": (details[1] and details[1].reasoning_tokens) or 0,
        "model": completion.model,
    }
