"""Reading a request: the prompt, what is in the namespace, what was done for it so far, and what was said before."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from aether_nb.events.messages import Message, Text, ToolCall
from aether_nb.models.analyst.mentioned import is_mention, read_in
from aether_nb.models.analyst.script import Outcome
from aether_nb.models.analyst.valued import wanted_in
from aether_nb.models.base import Request

__all__ = ["Conversation", "read_conversation"]

_SAID = re.compile(r"^\(said while you work\) ")
_MADE = re.compile(r"^Variables made in this turn: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a request holds. ``done`` are the calls made for this prompt, with what came of each.

    ``made`` are names that earlier turns of this conversation gave to what they made. ``wanted`` is the type of the
    value that is asked for; empty when words are.
    """

    prompt: str
    summary: str | None
    done: tuple[tuple[ToolCall, Outcome], ...]
    earlier: tuple[str, ...]
    tools: frozenset[str]
    length: int
    made: frozenset[str] = frozenset()
    wanted: str = ""


def read_conversation(request: Request) -> Conversation:
    """Find the last prompt and everything that followed it.

    A user's message without a summary that comes in the middle of the work (a remark) does not start it anew. One that
    comes after an answer does: a fork goes on with other words, over what was known before.
    """
    summed = _last_prompt(request.messages)
    at = _asked_since(request.messages, summed)
    every = _texts(request.messages, at)
    parts = [part for part in every if not is_mention(part) and part.data != "recalled"]
    prompt = _SAID.sub("", " ".join(part.text for part in parts if part.data == "text"))
    after = request.messages[at + 1 :]
    results = {message.call_id: Outcome.read(message.text) for message in after if message.role == "tool"}
    calls = [call for message in after if message.role == "assistant" for call in message.calls]
    done = tuple((call, results.get(call.id, Outcome("no result", "failed"))) for call in calls)
    earlier = tuple(message.text for message in request.messages[: max(at, 0)] if message.role in ("user", "assistant"))
    summary = _summary(parts if at == summed else [p for p in _texts(request.messages, summed) if p.data != "recalled"])
    tools = frozenset(tool.name for tool in request.tools)
    made = _made(message.text for message in request.messages[: max(at, 0)] if message.role == "assistant")
    prompt = read_in(prompt.strip(), every)
    wanted = next((wanted_in(tool.description) for tool in request.tools if tool.name == "answer_with"), "")
    return Conversation(prompt, summary, done, earlier, tools, len(request.messages), made, wanted)


def _texts(messages: tuple[Message, ...], at: int) -> list[Text]:
    return [part for part in messages[at].parts if isinstance(part, Text)] if at >= 0 else []


def _summary(parts: list[Text]) -> str | None:
    """The summary of the namespace: the last text that shows data, in as many parts as it comes."""
    last = [list(run) for shows, run in groupby(parts, lambda part: part.data != "text") if shows][-1:]
    return "".join(part.text for part in last[0]) if last else None


def _made(texts: Iterable[str]) -> frozenset[str]:
    """The names in the lines that tell what a turn made."""
    lines = [line for text in texts for line in _MADE.findall(text)]
    return frozenset(name.strip() for line in lines for name in line.split(",") if name.strip())


def _last_prompt(messages: tuple[Message, ...]) -> int:
    """Where the last user's message stands; one with a summary of the namespace is preferred.

    What a run is told of variables after a restart shows names, and is no question.
    """
    users = [at for at, message in enumerate(messages) if message.role == "user"]
    full = [at for at in users if {"text"} < {part.data for part in messages[at].parts if isinstance(part, Text)}]
    return full[-1] if full else users[-1] if users else -1


def _asked_since(messages: tuple[Message, ...], at: int) -> int:
    """Where the last thing stands that a user has said in plain words after an answer; ``at`` when there is none."""
    answered = False
    for number in range(at + 1, len(messages)):
        message = messages[number]
        if message.role == "assistant":
            answered = not message.calls
        elif answered and message.role == "user" and {part.data for part in message.parts} == {"text"}:
            at, answered = number, False
    return at
