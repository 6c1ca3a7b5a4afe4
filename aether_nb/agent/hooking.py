"""Calling the hooks of one run, and making of their answers what they may become: something narrower than before.

A hook may refuse, raise a risk, change arguments before they are judged and asked about, cover and replace what came,
and add words. Nothing it answers approves anything, and what may leave is decided after it, elsewhere. Which hooks
there are is handed in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from aether_nb.agent.approvals import HOOK, RISKS
from aether_nb.agent.covering import cover, cover_parts, cover_values, coverable
from aether_nb.agent.egress import Rules
from aether_nb.agent.hook_answers import LONGEST, Said, asked
from aether_nb.agent.hooks import Hook
from aether_nb.agent.run import Run
from aether_nb.errors import RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, ToolCall
from aether_nb.events.state import Call
from aether_nb.tools.base import Result

__all__ = ["Hooking", "Judge"]

Judge = Callable[..., k.CallProposed]
"""Says what an exact call could do: ``Calls.judge``."""


class _Known(NamedTuple):
    """A message, with its text and all that can be covered in it: put together once, not for every request."""

    message: Message
    text: str
    words: str


@dataclass
class Hooking:
    """The hooks of one run.

    Args:
        hooks: Those that are called, in any order.
        run: The run.
        rules: What of the data may leave: where it is limited, nobody knows what is in the words of a hook.
        unasked: Commands of the project that are not called, because nobody has agreed to them.
    """

    hooks: Sequence[Hook]
    run: Run
    rules: Rules = field(default_factory=Rules)
    unasked: Sequence[str] = ()
    _before: Mapping[int, _Known] = field(default_factory=dict)
    """The messages that were looked at last, by identity."""

    def __post_init__(self) -> None:
        """Sort them: of equal ones the one that was there before comes first."""
        self.hooks = sorted(self.hooks, key=lambda hook: hook.order)

    # ---- models

    async def opened(self) -> AsyncIterator[k.Event | tuple[k.Event, ...]]:
        """The first question of a conversation: what is added to it, or that it is not begun."""
        started = self.run.state.started
        assert started is not None
        facts = {"prompt": started.prompt, "model": started.model, "mode": started.mode}
        for hook in self._at("session_start"):
            said = await self._asked(hook, facts)
            if said.vetoes:
                what = f"The hook {hook.name} refused this conversation."
                yield (
                    self._took(said, "refused the conversation"),
                    k.RunEnded("failed", what, self._kept(said.why), "%aether hooks"),
                )
                return
            for event in self._passed(said):
                yield event

    async def before_model(self, own: list[Message] | None = None) -> AsyncIterator[k.Event | tuple[k.Event, ...]]:
        """What hooks do to what is sent to a model; the last event is a failure when one refuses.

        Args:
            own: What a hosted agent says in words of its own, which is changed in place; the conversation when None.
        """
        for hook in self._at("before_model"):
            state = self.run.state
            messages: Sequence[Message] = state.messages if own is None else own
            facts = {
                "model": state.model,
                "step": state.steps + 1,
                "messages": list(map(_plain, self._known(messages))),
            }
            said = await self._asked(hook, facts)
            if said.vetoes:
                what = f"The hook {hook.name} refused the request to the model."
                yield (
                    self._took(said, "refused the request"),
                    k.ModelFailed(state.model, what, self._kept(said.why), "%aether hooks"),
                )
                return
            for event in self._passed(said, messages):
                if own is not None and event.told:
                    own.append(Message("user", event.told))
                    event = replace(event, told=())  # it stands in that request alone
                yield event
            if masked := self._masked(messages, said.answer.get("mask", ())):
                what = f"covered parts of {len(masked)} messages"
                for one in masked if own is not None else ():
                    own[one.place] = one.message  # type: ignore[index]  # mypy forgets what it knew
                yield self._took(said, what, messages=masked if own is None else ())

    async def after_model(self, answered: k.ModelAnswered) -> tuple[k.Event, ...]:
        """A reply after the hooks, with what they did to it; one that is refused is recorded without its words."""
        events: list[k.Event] = []
        for hook in self._at("after_model"):
            message = answered.message
            calls = [{"tool": call.name, "arguments": call.arguments} for call in message.calls]
            facts = {"model": answered.model, "text": message.text, "calls": calls, "finish": answered.finish}
            said = await self._asked(hook, facts)
            if said.vetoes:
                what = f"The hook {hook.name} refused the reply of {answered.model}."
                nothing = Message("assistant", (Text(f"(refused by the hook {hook.name})"),))
                paid = replace(answered, message=nothing, finish="pause")
                failed = k.ModelFailed(answered.model, what, self._kept(said.why), "%aether hooks")
                return (*events, self._took(said, "refused the reply"), paid, failed)
            events += self._passed(said)
            after = cover(replace(message, calls=()), said.answer.get("mask", ()))
            if after is not None:
                answered = replace(answered, message=replace(after, calls=message.calls))
                events.append(self._took(said, "covered parts of the reply"))
        return (*events, answered)

    # ---- tools

    async def before_tool(self, proposed: k.CallProposed, judge: Judge) -> tuple[list[k.Event], k.CallProposed]:
        """A call after the hooks: with other arguments, judged again; of more risk; or refused, as by a rule."""
        events: list[k.Event] = []
        for hook in self._at("before_tool", proposed.call.name):
            if proposed.ruled == "deny":
                break  # nobody is needed any more
            id = proposed.call.id
            said = await self._asked(hook, self._of_call(proposed), id)
            what = []
            try:
                if "arguments" in said.answer:
                    call = ToolCall(id, proposed.call.name, said.answer["arguments"])
                    names = ", ".join(filter(None, (proposed.altered, hook.name)))
                    after = judge(call, proposed.edited, proposed.floor, names)
                    if after.hash != proposed.hash:
                        what.append(f"changed the arguments of {call.name}")
                        proposed = after
            except RepairableToolError as error:
                said = replace(said, answer={}, fault=f"its arguments cannot be used: {error}")
            risk = said.answer.get("risk", "low")
            if RISKS.index(risk) > RISKS.index(proposed.risk):
                proposed = judge(proposed.call, proposed.edited, risk, proposed.altered)
                what.append(f"raised the risk of {proposed.call.name} to {risk}")
            if said.vetoes:
                told = self._told(said.why)
                proposed = replace(proposed, ruled="deny", rule=f"{HOOK}{hook.name}", reasons=(told, *proposed.reasons))
                events.append(self._took(said, f"refused the call of {proposed.call.name}", id))
            elif said.fault or what:
                events.append(self._took(said, " and ".join(what), id))
        return events, proposed

    async def after_tool(self, call: Call, result: Result, failed: bool = False) -> Result:
        """What a call brought, after the hooks; what they did to it comes with its events."""
        parts, outputs, events = result.parts, result.outputs, list(result.events)
        for hook in self._at("after_tool", call.name):
            text = "".join(part.text for part in parts if isinstance(part, Text))
            said = await self._asked(hook, self._of_call(call.proposed) | {"result": text, "failed": failed}, call.id)
            if said.vetoes:
                parts = (Text(f"(withheld by the hook {hook.name}: {self._told(said.why)})"),)
                events.append(self._took(said, f"withheld the result of {call.name}", call.id))
                break
            what = []
            if "result" in said.answer and said.answer["result"] != text:
                pictures = tuple(part for part in parts if not isinstance(part, Text))
                parts = (Text(said.answer["result"], "output"), *pictures)
                what.append(f"changed the result of {call.name}")
            if masks := said.answer.get("mask", ()):
                after, shown = cover_parts(parts, masks), cover_values(outputs, masks)
                if (after, shown) != (parts, outputs):
                    parts, outputs = after, shown
                    what.append(f"covered parts of the result of {call.name}")
            if said.fault or what:
                events.append(self._took(said, " and ".join(what), call.id))
        return Result(parts, outputs, tuple(events))

    async def after_failure(self, call: Call, events: Sequence[k.Event]) -> tuple[k.Event, ...]:
        """The end of a call that failed, likewise: what it raised may quote what it stumbled over."""
        *before, last = events
        if not isinstance(last, k.CallFailed):
            return tuple(events)
        words = "\n".join(filter(None, (last.what, last.why, last.hint)))
        after = await self.after_tool(call, Result((Text(words, last.data),), last.outputs), failed=True)
        part = next(part for part in after.parts if isinstance(part, Text))
        if part.text != words:
            last = replace(last, what=part.text, why="", hint="", data=part.data)
        return (*before, *after.events, replace(last, outputs=after.outputs))

    def _of_call(self, proposed: k.CallProposed) -> dict[str, Any]:
        call = proposed.call
        facts = {"tool": call.name, "arguments": dict(call.arguments), "call": call.id, "risk": proposed.risk}
        return facts | {"effect": proposed.effect, "purpose": proposed.purpose, "path": proposed.path}

    # ---- one hook

    def _at(self, event: str, tool: str = "") -> Iterator[Hook]:
        return (hook for hook in self.hooks if hook.wants(event, tool))

    async def _asked(self, hook: Hook, facts: Mapping[str, Any], call_id: str = "") -> Said:
        """Call one hook; whatever it does wrong is its own failure."""
        started = self.run.state.started
        assert started is not None
        around = {"run": self.run.id, "parent": started.parent, "workspace": started.workspace}
        return await asked(hook, {"event": hook.event, "hook": hook.name, **around, **facts})

    def _passed(self, said: Said, messages: Sequence[Message] | None = None) -> list[k.HookTook]:
        """What there is to record of a hook that refuses nothing: that it failed, and what it adds, unless it has."""
        if said.fault:
            return [self._took(said, "")]
        if not (words := said.answer.get("add", "").strip()):
            return []
        text = f"(added by the hook {said.hook.name}) {words}"
        if any(one.text == text for one in self._known(self.run.state.messages if messages is None else messages)):
            return []
        if self.rules.hide:
            said = replace(said, fault="columns are hidden: what it adds could show one of them")
            return [self._took(said, "")]
        # It speaks for the user, who has put it there; but where data is limited nobody knows what is in its words.
        return [self._took(said, "added words", told=(Text(text, "output" if self.rules.limited else "text"),))]

    def _took(self, said: Said, what: str, call_id: str = "", **more: Any) -> k.HookTook:
        did: Any = "vetoed" if said.vetoes else "failed" if said.fault else "altered"
        reason = said.why if said.vetoes else said.fault[:LONGEST]
        hook, seconds = said.hook, said.seconds
        return k.HookTook(hook.name, hook.source, hook.event, did, what, self._kept(reason), call_id, seconds, **more)  # type: ignore[arg-type]  # a hook's event is one of them

    def _kept(self, words: str) -> str:
        """A hook's own words, as far as a record may hold them."""
        return "" if self.rules.hide else words

    def _told(self, words: str) -> str:
        """A hook's own words, as far as a model may be told of them."""
        return "it may not be told why" if self.rules.limited else words

    # ---- messages

    def _known(self, messages: Iterable[Message]) -> list[_Known]:
        """The messages, of which only those are looked at that were not there before."""
        before = self._before
        known = [before.get(id(one)) or _Known(one, one.text, coverable(one)) for one in messages]
        self._before = {id(one.message): one for one in known}
        return known

    def _masked(self, messages: Iterable[Message], masks: Sequence[str]) -> tuple[k.Covered, ...]:
        """The messages in which one of these texts stands, as they are without it."""
        if not masks:
            return ()
        held = [(place, one) for place, one in enumerate(self._known(messages)) if any(m in one.words for m in masks)]
        after = ((place, cover(one.message, masks)) for place, one in held)
        return tuple(k.Covered(place, message) for place, message in after if message is not None)


def _plain(known: _Known) -> dict[str, Any]:
    """A message, as a hook is told of it: an object of its own, which a hook may change."""
    message, text, _ = known
    told: dict[str, Any] = {"role": message.role, "text": text}
    if message.calls:
        told["calls"] = [{"tool": call.name, "arguments": dict(call.arguments)} for call in message.calls]
    elif message.call_id:
        told["call"] = message.call_id
    return told
