"""Words from outside: what a run has been told by signals, and which events that makes.

``heard`` is pure: it says what a signal means for a run as it stands. ``Mail`` looks into the run's letter box; it does
not know who writes there. A signal that does not carry the seal of this user is kept in the record and does nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from aether_nb.agent.asking import Answer, scope_of
from aether_nb.agent.sealing import gate_events, signal_fields
from aether_nb.errors import StoreError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Image
from aether_nb.events.state import RunState
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal, Signals

__all__ = ["DOUBT", "Mail", "doubt_events", "heard", "last_first"]

MOST_ITEMS = 30
"""How many items of a plan a person can leave to be done."""

POLL_SECONDS = 0.3
"""How often a waiting run looks into its letter box."""

Heard: TypeAlias = tuple[k.SignalReceived, *tuple[k.Event, ...]]
"""That a signal was received, and what follows from it."""

DOUBT: dict[str, k.Settled] = {"it ran": "ran", "run it": "rerun", "skip": "skip"}
"""What may be answered when a call is in doubt, and how that settles it."""


@dataclass
class Mail:
    """The letter box of one run.

    Only ``come`` looks into it. ``waiting`` is what was found there last.
    """

    signals: Signals
    run: str
    sealer: Sealer
    poll: float = POLL_SECONDS
    waiting: list[Signal] = field(default_factory=list)

    async def come(self, fits: Callable[[Signal], bool]) -> Signal:
        """Wait until a signal comes that fits. A letter box that cannot be opened just now is looked into again."""
        while True:
            with suppress(StoreError):
                self.waiting = last_first(self.signals.pending(self.run))
            for signal in self.waiting:
                if fits(signal):
                    return signal
            await asyncio.sleep(self.poll)

    def heard(self, state: RunState, signal: Signal) -> Heard:
        """The events that a signal makes, all to be appended at once."""
        if not self.sealer.verifies(signal_fields(signal), signal.seal):
            return (k.SignalReceived(signal.id, signal.type, f"{signal.by} (not sealed by this user)", used=False),)
        return heard(state, signal)


def last_first(signals: Iterable[Signal]) -> list[Signal]:
    """Of several words about one thing that nobody has heard yet the last is heard first; the others then fit nothing.

    Who says yes and then no, before the run goes on, has said no.
    """
    about: dict[tuple[str, str], list[Signal]] = {}
    for signal in signals:
        about.setdefault(_about(signal), []).insert(0, signal)
    return [signal for group in about.values() for signal in group]


def _about(signal: Signal) -> tuple[str, str]:
    match signal.type:
        case "approve" | "deny":
            return "gate", f"{signal.body.get('call_id')} {signal.body.get('hash')}"
        case "answer":
            return "question", str(signal.body.get("id"))
        case "settle":
            return "doubt", str(signal.body.get("call_id"))
    return "", signal.id


def heard(state: RunState, signal: Signal) -> Heard:
    """What a signal means for a run as it stands; one that fits nothing is received and not used.

    Args:
        state: The run.
        signal: What was said.
    """
    by, body = f"signal:{signal.by}", signal.body
    text = str(body.get("text") or "")
    follows: tuple[k.Event, ...] = ()
    match signal.type:
        case "approve" | "deny":
            call = state.calls.get(str(body.get("call_id")))
            if call is None or state.gate != call.id or body.get("hash") != call.proposed.hash:
                return (k.SignalReceived(signal.id, signal.type, signal.by, used=False),)
            lasts = body.get("lasts")
            until: k.Lasts = lasts if lasts in ("minutes", "run", "notebook") else "once"
            answer = Answer(signal.type, by, until, text, scope=scope_of(body.get("scope")))
            now = time.time()  # a clock that runs ahead elsewhere makes no yes longer
            follows = gate_events(call.proposed, answer, min(signal.time, now))
        case "answer":
            if state.question is None or body.get("id") != state.question.id:
                return (k.SignalReceived(signal.id, signal.type, signal.by, used=False),)
            follows = (
                doubt_events(state.question, text, by)
                if state.question.doubt
                else (k.QuestionAnswered(state.question.id, text, by),)
            )
        case "settle":
            question = state.question
            if question is None or not question.doubt or body.get("call_id") != question.call_id:
                return (k.SignalReceived(signal.id, signal.type, signal.by, used=False),)
            words: dict[str, str] = {how: word for word, how in DOUBT.items()}
            follows = doubt_events(question, words.get(str(body.get("how"))), by)
        case "plan":
            follows = _replanned(state, body.get("items"))
            if not follows:
                return (k.SignalReceived(signal.id, signal.type, signal.by, used=False),)
            text = "; ".join(item.title for item in follows[0].items[follows[0].done :]) or "nothing"
            text = f"The plan was changed by the user. Still to do: {text}"
        case "tell" if state.started is not None and state.started.agent:  # a function does not hear it
            return (k.SignalReceived(signal.id, signal.type, signal.by, used=False, text=text),)
        case "revoke":
            if all(grant.id != body.get("id") for grant in state.grants):
                return (k.SignalReceived(signal.id, signal.type, signal.by, used=False),)
            follows = (k.GrantRevoked(str(body.get("id")), by),)
    picture = _picture(body.get("picture")) if signal.type == "tell" else None
    return (k.SignalReceived(signal.id, signal.type, signal.by, text=text, picture=picture), *follows)


def _picture(said: object) -> Image | None:
    """The picture that goes with a word; None where that is none."""
    if not isinstance(said, Mapping) or not all(isinstance(said.get(name), str) for name in ("mime", "base64")):
        return None
    return Image(said["mime"], said["base64"])


def _replanned(state: RunState, items: object) -> tuple[k.PlanRevised, ...]:
    """The plan as a person wants it from here on: what is done of it stays. Nothing where that is no plan."""
    done = [item.item for item in state.plan if item.status == "done"]
    known = {item.title for item in done}
    wanted = [one for one in items if isinstance(one, Mapping)] if isinstance(items, list) else []
    open = [k.PlanItem(str(one.get("title"))[:300], str(one.get("tool") or "")) for one in wanted if one.get("title")]
    open = [item for item in open if item.title not in known][:MOST_ITEMS]
    return (k.PlanRevised((*done, *open), len(done), "changed by you"),) if done or open else ()


def doubt_events(question: k.QuestionAsked, answer: str | None, by: str) -> tuple[k.Event, ...]:
    """What the answer to a doubt makes. What is no answer is none: the call is not repeated."""
    said = k.QuestionAnswered(question.id, answer, by)
    return said, k.CallSettled(question.call_id, DOUBT.get((answer or "").strip().lower(), "skip"), by)
