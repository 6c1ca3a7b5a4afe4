"""The model: a script behind the face of something that is asked and streams an answer.

It keeps nothing. For every request the script runs again on the results that the conversation holds, until it wants
something that was not done yet: that is the reply.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

from aether_nb.events.messages import Message, ToolCall, Usage
from aether_nb.models.analyst.answering import answer
from aether_nb.models.analyst.conversation import Conversation, read_conversation
from aether_nb.models.analyst.script import Action, Plan
from aether_nb.models.analyst.valued import valued
from aether_nb.models.base import Delta, Reply, Request

__all__ = ["Analyst"]

_PIECE = 24


class Analyst:
    """The offline analyst: plain questions about pandas frames, answered by plain pandas code. No language model."""

    name = "aether:analyst"
    unfenced = True
    """A program reads the text of data as it is; no order in it could mislead it."""

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """The next calls, or the answer.

        Yields:
            Thinking, then text in small pieces, then the reply.
        """
        message = next_message(read_conversation(request))
        for piece in _pieces(message.thinking):
            yield Delta(thinking=piece)
        for piece in _pieces(message.text):
            yield Delta(text=piece)
        for call in message.calls:
            yield Delta(call=f"{call.name} {json.dumps(dict(call.arguments), ensure_ascii=False)}")
        finish = "tool_calls" if message.calls else "stop"
        yield Delta(reply=Reply(message, Usage(0, 0, 0.0), finish, self.name))  # type: ignore[arg-type]


def next_message(talk: Conversation) -> Message:
    """What the analyst says next in a conversation. Whatever goes wrong in it, it says so and does not raise."""
    try:
        return _next(talk)
    except Exception as problem:  # noqa: BLE001 - a question that the analyst trips over must not end the run
        told = f"The analyst itself failed ({type(problem).__name__}); that is a fault of it, and not of the data."
        return Message.of("assistant", f"I could not work out what is asked, so I do not answer it. {told}")


def _next(talk: Conversation) -> Message:
    done = [pair for pair in talk.done if pair[0].name != "plan"]
    plans = sum(call.name == "plan" for call, _ in talk.done)
    pending: list[Plan] = []
    made = 0
    script = valued(answer(talk), talk.wanted)
    try:
        step = next(script)
        while True:
            if isinstance(step, Plan):
                made += 1
                if made > plans and not done and _offered(talk, "plan"):
                    pending.append(step)
                step = next(script)
            elif done:
                step = script.send(done.pop(0)[1])
            else:
                return _calls(talk, pending, step)
    except StopIteration as end:
        return Message.of("assistant", end.value)


def _calls(talk: Conversation, plans: list[Plan], action: Action) -> Message:
    """A message that makes the plan known, and the next call."""
    if not _offered(talk, action.tool):
        return Message.of(
            "assistant", f"I would need the tool {action.tool}, which is not offered here. Nothing was done."
        )
    calls: list[ToolCall] = []
    for plan in plans:
        items = [{"title": title, "tool": tool} for title, tool in plan.items]
        arguments = {"items": items, "reason": plan.reason} if plan.reason else {"items": items}
        calls.append(ToolCall(f"analyst-{talk.length}-{len(calls)}", "plan", arguments))
    calls.append(ToolCall(f"analyst-{talk.length}-{len(calls)}", action.tool, dict(action.arguments)))
    said = " ".join(plan.reason for plan in plans if plan.reason)
    return Message.of("assistant", said, calls=tuple(calls), thinking=action.thought)


def _offered(talk: Conversation, tool: str) -> bool:
    """Whether a tool may be called; a request that lists none is taken to offer all."""
    return not talk.tools or tool in talk.tools


def _pieces(text: str) -> Iterator[str]:
    """A text in small pieces."""
    for at in range(0, len(text), _PIECE):
        yield text[at : at + _PIECE]
