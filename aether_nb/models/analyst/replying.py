"""What the analyst says next: the script of a question, run on the results that the conversation holds.

Nothing is kept between two requests. The script runs until it wants something that was not done yet: that is the reply.
"""

from __future__ import annotations

from aether_nb.events.messages import Message, ToolCall
from aether_nb.models.analyst.answering import answer
from aether_nb.models.analyst.conversation import Conversation
from aether_nb.models.analyst.script import Action, Plan
from aether_nb.models.analyst.valued import valued

__all__ = ["next_message"]


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
