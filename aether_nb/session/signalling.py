"""What is said to a run from outside: a yes, a no, an answer, a word, an order; made from its record, and sealed.

A word is bound to exactly what the run waits for as its log stands: the call and its hash, the question, the call in
doubt. What fits nothing is refused here, before it is sent. Whoever advances the run hears it; this module advances
nothing, and does not know who types.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from aether_nb.agent.ending import settled
from aether_nb.agent.mail import DOUBT, heard
from aether_nb.agent.run import Run
from aether_nb.agent.scoping import choices
from aether_nb.agent.sealing import signal_fields
from aether_nb.errors import LeaseHeld, OptionError, SignalRefused, StoreCorrupt, StoreNewer, StoreTampered
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.state import RunState
from aether_nb.store.lease import Holder
from aether_nb.store.log import RunSummary
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import Store
from aether_nb.widgets.wording import LASTS

__all__ = ["HOWS", "LOOKED_AT", "Post", "Stand", "Word", "called", "named", "stand", "stands", "wakes", "word"]

HOWS: dict[str, k.Settled] = {"ran": "ran", "rerun": "rerun", "skip": "skip"}
"""How a person may settle a doubt, by what is typed."""

LOOKED_AT = 200
"""How many of the newest runs are looked at when no run is named."""

POLL = 0.1

Lasting: TypeAlias = tuple[k.Lasts, str]
"""For how long a yes is good, and what it covers, as typed."""


@dataclass(frozen=True, slots=True)
class Word:
    """Something that may be said to a run; ``told`` says it in a sentence for the one who says it."""

    type: k.SignalType
    told: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stand:
    """How a run stands that has not ended: who holds it, and what it waits for (empty when for nothing)."""

    state: RunState
    holder: Holder | None
    damaged: str = ""
    """Why its record cannot be understood. Then nothing can be said to it, and ``state`` is no more than its name."""

    @property
    def held(self) -> bool:
        """Whether somebody who is alive advances it."""
        return self.holder is not None and self.holder.alive

    @property
    def word(self) -> str:
        """``at work``, ``waits``, ``parked``, ``interrupted``, ``damaged`` or ``ended``."""
        if self.state.ended is not None:
            return "ended"
        if self.damaged:
            return "damaged"
        if self.held:
            return "waits" if self.state.waiting else "at work"
        return "parked" if self.state.parked else "interrupted"

    @property
    def waits_for(self) -> str:
        """What it waits for, as the end of a sentence."""
        state = self.state
        if state.gate:
            return f"a yes or a no to {state.calls[state.gate].name}"
        if state.question is not None and state.question.doubt:
            return f"word of what became of {state.calls[state.question.call_id].name}"
        if state.question is not None:
            return f"an answer: {called(state.question.text)}"
        return "a word to go on: it is paused" if state.paused else ""


@dataclass(frozen=True)
class Post:
    """Where words are posted: a record, the key that seals them, and the name of the one who says them."""

    store: Store
    sealer: Sealer
    by: str

    def send(self, run: str, word: Word) -> Signal:
        """Seal a word and put it into the run's letter box.

        Raises:
            StoreError: It could not be written; then it was not said.
        """
        signal = Signal(run, word.type, self.by, word.body, time=time.time())
        signal = replace(signal, seal=self.sealer.seal(signal_fields(signal)))
        self.store.signals.send(signal)
        return signal

    def heard(self, signal: Signal, seconds: float) -> k.SignalReceived | None:
        """That the run has heard it, waiting so long for that; None when it has not."""
        deadline = time.monotonic() + seconds
        while any(other.id == signal.id for other in self.store.signals.pending(signal.run)):
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL)
        events = (entry.event for entry in self.store.log.read(signal.run))
        return next(event for event in events if isinstance(event, k.SignalReceived) and event.id == signal.id)

    def end(self, stop: Signal) -> k.SignalReceived | None:
        """Let a stop end a run that nobody holds; None when somebody does, who will hear it himself.

        What was running is as after a stop at work: outside it is in doubt, everything else has failed. Nothing of the
        run is performed, so it may be anybody's.
        """
        before = self.store.leases.holder(stop.run)
        if before is not None and before.alive:
            return None
        try:
            lease = self.store.leases.take(stop.run, stop.time)
        except LeaseHeld:
            return None
        try:
            run = Run(self.store.log, stop.run, epoch=lease.epoch)
            run.catch_up()
            ending = settled(run.state, k.RunEnded("cancelled", f"Stopped by {stop.by}."))
            if not ending:  # it has ended meanwhile
                return self.heard(stop, 0.0)
            taken = k.LeaseTaken(lease.epoch, lease.name, before.name if before else "")
            received, *_ = heard(run.state, stop)
            run.append(taken, received, *ending)
            return received
        finally:
            self.store.leases.release(stop.run, lease.epoch)


# ---- which run


def stands(store: Store, runs: list[RunSummary] | None = None) -> list[Stand]:
    """How the runs stand that have not ended, newest first; of the newest ones, when none are given."""
    found = store.log.runs(LOOKED_AT) if runs is None else runs
    return [_stand(store, run.id) for run in found if run.outcome is None]


def _stand(store: Store, run: str) -> Stand:
    """How a run stands; one whose record is damaged hides none of the others."""
    try:
        return stand(store, run)
    except StoreNewer:
        return Stand(RunState(run), store.leases.holder(run), "a newer version of aether-nb wrote its record")
    except (StoreCorrupt, StoreTampered):
        return Stand(RunState(run), store.leases.holder(run), f"its record is not whole: %aether verify {run}")


def stand(store: Store, run: str) -> Stand:
    """How a run stands.

    Raises:
        StoreTampered: Its record cannot be understood, because it was changed.
        StoreCorrupt: It cannot be understood, though it is what was written.
        StoreNewer: A newer version wrote it.
    """
    try:
        state = fold(store.log.read(run))
    except (StoreCorrupt, StoreNewer, LookupError, TypeError, ValueError, AttributeError, AssertionError):
        store.chain.verify(run).confirm()  # events that do not follow from one another: somebody was at them
        raise
    if state.started is None:
        store.chain.verify(run).confirm()
    return Stand(state, store.leases.holder(run))


def named(store: Store, verb: str, name: str, notebook: str = "") -> Stand:
    """The run to which something shall be said: the named one, else the only one that waits for such a word.

    Args:
        store: The record.
        verb: What shall be said: approve, deny, answer, settle, tell, pause, go, stop, or resume.
        name: The run's name or its beginning, or nothing.
        notebook: Only runs of this notebook, when none is named.

    Raises:
        RunNotFound: No run goes by that name.
        SignalRefused: None waits for that, or several do.
    """
    if name:
        return stand(store, store.log.resolve(name))
    open = [each for each in stands(store) if not notebook or _notebook(each) in ("", notebook)]
    fitting = [each for each in open if not each.damaged and _fits(verb, each)]
    if verb in ("tell", "pause", "stop") and len(held := [each for each in fitting if each.held]) == 1:
        fitting = held
    if verb == "resume" and not fitting and len(open) == 1 and not open[0].damaged:
        fitting = open  # somebody is at it: who that is, and how to take it over, is said by whoever is refused
    if len(fitting) == 1:
        return fitting[0]
    listed = "\n".join(f"        {_line(each)}" for each in (fitting or open)[:10])
    one, several, what = SORTS[verb]
    if fitting:
        raise SignalRefused(f"Several runs {several} {what}.", f"They are:\n{listed}", f"Name one: %aether {verb} RUN")
    why = f"These have not ended:\n{listed}" if listed else "Every run that is recorded here has ended."
    raise SignalRefused(f"No run {one} {what}.", why)


SORTS = {
    "approve": ("waits", "wait", "for a yes or a no"),
    "deny": ("waits", "wait", "for a yes or a no"),
    "answer": ("waits", "wait", "for an answer"),
    "settle": ("has", "have", "a call in doubt"),
    "go": ("waits", "wait", "for a word to go on"),
    "tell": ("is", "are", "still at work"),
    "pause": ("is", "are", "still at work"),
    "stop": ("is", "are", "still at work"),
    "resume": ("waits", "wait", "for somebody to go on with it"),
}
"""What a run does to which a verb fits: of one run, of several."""


def _fits(verb: str, one: Stand) -> bool:
    state, doubt = one.state, one.state.question is not None and one.state.question.doubt
    match verb:
        case "approve" | "deny":
            return bool(state.gate)
        case "answer":
            return state.question is not None
        case "settle":
            return doubt
        case "go":
            return state.paused
        case "resume":
            return not one.held
    return True


def _notebook(one: Stand) -> str:
    return one.state.started.notebook if one.state.started else ""


def _line(one: Stand) -> str:
    prompt = called(one.state.started.prompt) if one.state.started else ""
    waits = f" {'' if one.word == 'waits' else 'and waits '}for {one.waits_for}" if one.waits_for else ""
    if one.damaged:
        return f"{one.state.run}  {one.word}: {one.damaged}"
    return f"{one.state.run}  {one.word}{waits}" + (f"  “{prompt}”" if prompt else "")


def called(text: str, limit: int = 60) -> str:
    """A prompt or a question on one short line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


# ---- which word


def word(verb: str, one: Stand, *, text: str = "", lasting: Lasting = ("once", "call"), how: str = "") -> Word:
    """What may be said to a run as it stands.

    Args:
        verb: What shall be said.
        one: To whom.
        text: A reason, an answer, or what the model is told.
        lasting: For how long a yes is good, and what it covers.
        how: How a doubt is settled: ran, rerun or skip.

    Raises:
        SignalRefused: The run waits for nothing of that sort, or has ended.
        OptionError: There are no words, or they are none of the choices.
    """
    state = one.state
    if state.ended is not None:
        what = f"Run {state.run} has ended ({state.ended.outcome})."
        raise SignalRefused(what, "Nothing can be said to it any more.", f"Look at it: %aether show {state.run}")
    if not _fits(verb, one):
        raise _refused(verb, one)
    return _WORDS[verb](state, text, lasting, how)


def _refused(verb: str, one: Stand) -> SignalRefused:
    """Why a run cannot be told this, and what can be done with it."""
    run, waits = one.state.run, one.waits_for
    begun = [call.name for call in one.state.calls.values() if call.status in ("begun", "doubtful")]
    if verb == "settle" and begun and not one.held:
        why = f"It was interrupted while {begun[-1]} ran. Whether that acted is asked when the run goes on."
        return SignalRefused(f"Nobody has asked about a doubt in run {run} yet.", why, f"%aether resume {run}")
    why = f"It waits for {waits}." if waits else f"It waits for nothing: it is {one.word}."
    return SignalRefused(f"Run {run} does not {' '.join(SORTS[verb][1:])}.", why, _next(one))


def _next(one: Stand) -> str:
    """What can be typed for a run as it stands."""
    run, state = one.state.run, one.state
    if state.gate:
        return f"%aether approve {run} · %aether deny {run}"
    if state.question is not None:
        return f"%aether settle {run} ran" if state.question.doubt else f"%aether answer {run} TEXT"
    if state.paused:
        return f"%aether go {run}"
    return f"%aether trace {run}" if one.held else f"%aether resume {run}"


def _gate(decision: k.SignalType) -> Callable[[RunState, str, Lasting, str], Word]:
    def said(state: RunState, text: str, lasting: Lasting, how: str) -> Word:
        proposed = state.calls[state.gate].proposed
        body: dict[str, Any] = {"call_id": proposed.call.id, "hash": proposed.hash}
        if decision == "approve":
            lasts, covers = lasting
            wider = dict(choices(proposed))
            if covers != "call" and (covers not in wider or lasts == "once"):
                why = f"It can last for {', or for '.join(('this exact call', *wider.values()))}."
                raise OptionError(f"A yes to this call, {lasts}, cannot be for {covers}.", why, "%aether approve")
            what = f": {wider[covers]}" if covers in wider else ""
            until = f", {LASTS[lasts]}" if lasts != "once" else ""
            told = f"Approved: {proposed.call.name}{until}{what}."
            return Word(decision, told, body | {"lasts": lasts, "scope": covers})
        return Word(decision, f"Denied: {proposed.call.name}.", body | ({"text": text} if text else {}))

    return said


def _answer(state: RunState, text: str, lasting: Lasting, how: str) -> Word:
    question = state.question
    assert question is not None
    options = question.options
    if text.isdecimal() and len(text) < 4 and 1 <= int(text) <= len(options):
        text = options[int(text) - 1]
    if not text or ((question.doubt or question.limit) and text not in options):
        choices = " · ".join(f"{n}. {option}" for n, option in enumerate(options, 1))
        what = f"{text!r} is no answer to that." if text else "There is no answer."
        asked = f"The run asks: {called(question.text, 300)}"
        raise OptionError(what, f"{asked} ({choices})" if choices else asked, f"%aether answer {state.run} TEXT")
    return Word("answer", f"Answered: “{called(text)}”.", {"id": question.id, "text": text})


def _settle(state: RunState, text: str, lasting: Lasting, how: str) -> Word:
    question = state.question
    assert question is not None
    if how not in HOWS:
        why = "ran: it acted · rerun: it did not, and is run again · skip: leave it, whatever became of it."
        raise OptionError("It is not said what became of the call.", why, f"%aether settle {state.run} ran|rerun|skip")
    words = {settled: said for said, settled in DOUBT.items()}
    name = state.calls[question.call_id].name
    return Word("settle", f"Settled: {name}: {words[HOWS[how]]}.", {"call_id": question.call_id, "how": HOWS[how]})


def _tell(state: RunState, text: str, lasting: Lasting, how: str) -> Word:
    if not text:
        what = "There is nothing to tell."
        raise OptionError(what, "The words stand behind the run's name.", f"%aether tell {state.run} Use euros.")
    if state.started is not None and state.started.agent:
        what = f"Run {state.run} is worked on by {state.started.agent}, which is a function and does not hear you."
        raise SignalRefused(what, "", f"%aether stop {state.run}")
    return Word("tell", "Told: the model reads it before its next step.", {"text": text})


def _order(type: k.SignalType, told: str) -> Callable[[RunState, str, Lasting, str], Word]:
    return lambda state, text, lasting, how: Word(type, told)


_WORDS: dict[str, Callable[[RunState, str, Lasting, str], Word]] = {
    "approve": _gate("approve"),
    "deny": _gate("deny"),
    "answer": _answer,
    "settle": _settle,
    "tell": _tell,
    "pause": _order("pause", "Told to pause before its next step."),
    "go": _order("go", "Told to go on."),
    "stop": _order("stop", "Told to stop."),
}


def wakes(state: RunState, signal: Signal, sealer: Sealer) -> bool:
    """Whether a signal is what a parked run waits for, or ends it, and was said by this user."""
    if not sealer.verifies(signal_fields(signal), signal.seal):
        return False
    body, question = signal.body, state.question
    match signal.type:
        case "approve" | "deny":
            call = state.calls.get(state.gate)
            return call is not None and (body.get("call_id"), body.get("hash")) == (call.id, call.proposed.hash)
        case "answer":
            return question is not None and body.get("id") == question.id
        case "settle":
            return question is not None and question.doubt and body.get("call_id") == question.call_id
        case "go":
            return state.paused
    return signal.type == "stop"
