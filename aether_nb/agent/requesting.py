"""One request to a model: what is sent, by the one way out, and what comes back, as events.

The driver asks with the run's conversation, a hosted agent with words of its own; all else is the same for both. Who is
asked, and what is done when the limit of seconds comes, is handed in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

from aether_nb.agent.calls import Happened
from aether_nb.agent.egress import Egress
from aether_nb.agent.hooking import Hooking
from aether_nb.agent.naming import unique
from aether_nb.agent.run import Run
from aether_nb.agent.saying import Saying
from aether_nb.errors import AetherError, ModelError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message
from aether_nb.events.state import RunState, sent
from aether_nb.models.base import REFUSED, Model, Reply, Request

__all__ = ["Asked", "asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, and what is recorded of it.

    Args:
        request: All that there is to say.
        hash: That of a hosted agent's request; empty for the run's conversation.
        unlimited: As for ``Egress.outgoing``, of a hosted agent's request.
    """

    request: Request
    hash: str = ""
    unlimited: Sequence[int] = ()


async def asked(
    run: Run,
    choose: Callable[[Request], Model],
    egress: Egress,
    hooks: Hooking | None,
    what: Asked,
    pause: Callable[[str], AsyncIterator[Happened]],
) -> AsyncIterator[Happened]:
    """Ask a model; yields what happens, as it happens.

    Args:
        run: For which it is asked.
        choose: Says who is asked.
        egress: The way out.
        hooks: What is told of the request and of the reply, and may alter or refuse them.
        what: What is asked.
        pause: What is done when a limit of the run comes.
    """
    words = list(what.request.messages)
    if hooks is not None:
        async for event in hooks.before_model(words if what.hash else None):
            yield event
        if run.state.failure:
            return  # one of them refused
    state = run.state
    said, shown, unlimited = (words, sent(words), what.unlimited) if what.hash else _conversation(state)
    request = what.request if hooks is None else replace(what.request, messages=tuple(said))
    try:
        model = choose(request)
    except AetherError as error:
        yield k.ModelFailed(state.model, error.what, error.why, error.hint)
        return
    name = model.name
    request, left = egress.outgoing(request, model, unlimited)
    found = egress.found(state.found, request.tools)
    switched = (k.ModelSwitched(state.model, name),) if name != state.model else ()
    yield (*switched, *found, k.ModelAsked(name, state.steps + 1, shown, left, what.hash))
    begun = time.monotonic()
    clock = asyncio.timeout(state.seconds_left)
    try:
        async with clock:
            reply = await _heard(run, model, request)
    except ModelError as error:
        yield k.ModelFailed(name, error.what, error.why, error.hint)
        return
    except Exception as error:  # noqa: BLE001  # a model of anybody's: what it raises is its own failure
        if isinstance(error, TimeoutError) and clock.expired():
            async for event in pause("seconds"):
                yield event
            return
        yield k.ModelFailed(name, f"The model {name} broke off with {type(error).__name__}.", str(error))
        return
    if why := _why_none(reply):
        did = "refused to answer" if reply.finish in REFUSED else "gave no answer"
        yield k.ModelFailed(name, f"The model {name} {did}.", why, "Ask in other words.")
        return
    message = unique(reply.message, state.calls)
    rest = reply.usage, reply.finish, time.monotonic() - begun, reply.provider, reply.repairs, reply.notes
    answered = k.ModelAnswered(reply.model or name, message, *rest)
    yield answered if hooks is None else await hooks.after_model(answered)


def _conversation(state: RunState) -> tuple[Sequence[Message], tuple[k.Sent, ...], Sequence[int]]:
    """What a run's own request says: its messages, what of the data they show, and which no limit holds for."""
    return state.messages, state.sent, state.unlimited


def _why_none(reply: Reply) -> str:
    """Why a reply is no answer; empty when it is one. Of one that was refused nothing is done, also no call in it."""
    text, refused = reply.message.text.strip(), reply.finish in REFUSED
    if not refused and (text or reply.message.calls or reply.finish == "pause"):
        return ""
    return " ".join([*reply.notes, *([text] if text else [])]) or f"It ended with {reply.finish!r} and no words."


async def _heard(run: Run, model: Model, request: Request) -> Reply:
    """What the model replies; what it says until then is shown, and stands in no log.

    Raises:
        ModelError: It ended without a reply.
    """
    reply: Reply | None = None
    with Saying(run.append) as saying:
        async for delta in model.stream(request):
            if delta.note:
                saying.tell(k.Progress("", 0, note=delta.note))
            if delta.thinking:
                saying.say(k.ThinkingDelta, delta.thinking)
            if delta.text:
                saying.say(k.TextDelta, delta.text)
            if delta.call:
                saying.say(k.CallDelta, delta.call)
            reply = delta.reply or reply
    if reply is None:
        raise ModelError(f"The model {model.name} ended its answer before it was whole.", hint="Ask again.")
    return reply
