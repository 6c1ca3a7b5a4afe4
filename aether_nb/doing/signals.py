"""The verbs that say something to a run, for both faces: what was typed becomes a word, and what came of it a text.

Which run is meant, what may be said to it and how it is sealed is the business of ``signalling``. Nothing is asked
here: whether a person has seen the call and said yes is for the face to find out.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from aether_nb.errors import RunAmbiguous, RunNotFound
from aether_nb.events.kinds import Lasts, SignalReceived
from aether_nb.session.signalling import HOWS, Post, Stand, Word, named, word
from aether_nb.store.signals import Signal
from aether_nb.store.store import Store
from aether_nb.widgets.approval import gate_text

__all__ = ["deliver", "exact", "json_text", "prepare", "text"]

HEARING = 3.0
"""Seconds for which a run is waited for that may hear what was said, before it is said who hears it later."""

SHORTEST = 4
"""So many letters, at least, make a word before a text the name of a run."""


def prepare(verb: str, options: argparse.Namespace, post: Post, notebook: str = "") -> tuple[Stand, Word]:
    """The run that is meant, and the word for it; nothing is sent.

    Args:
        verb: What was typed.
        options: And what stood behind it.
        post: The record.
        notebook: Whose runs are meant when none is named.

    Raises:
        RunNotFound: No run goes by that name, or several do.
        SignalRefused: It does not fit what the run waits for.
        OptionError: There are no words, or they are none of the choices.
    """
    run, text = getattr(options, "run", ""), getattr(options, "reason", "")
    how = getattr(options, "how", "")
    if run in HOWS and not how:
        run, how = "", run
    if hasattr(options, "text"):
        run, text = _addressed(post.store, options.text)
    stand = named(post.store, verb, run, notebook)
    lasts: Lasts = getattr(options, "lasts", "once")
    return stand, word(verb, stand, text=text, lasting=(lasts, getattr(options, "covers", "call")), how=how)


def deliver(post: Post, stand: Stand, signal: Signal, patience: float) -> SignalReceived | None:
    """That a run has heard a word, when it has; a stop ends one that nobody holds.

    Args:
        post: The record.
        stand: The run, as it stood when the word was sent.
        signal: The word.
        patience: Seconds for which that is waited for. One that broke off hears nothing.
    """
    stops = signal.type == "stop"
    received = post.heard(signal, 0.0 if stops and stand.word == "interrupted" else patience)
    return post.end(signal) if received is None and stops else received


def _addressed(store: Store, words: list[str]) -> tuple[str, str]:
    """The run's name, when the first word is one, and the text without the quotes around it.

    Raises:
        RunAmbiguous: It is the beginning of several names: what was meant for one of them goes to no other run.
    """
    run = ""
    if words and len(words[0]) >= SHORTEST:
        try:
            run, words = store.log.resolve(words[0]), words[1:]
        except RunAmbiguous:
            raise
        except RunNotFound:
            pass  # it is a word of the text
    text = " ".join(words)
    return run, text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def exact(verb: str, stand: Stand) -> str:
    """The exact call that is decided about, whole; empty where the word is about none."""
    state = stand.state
    if verb == "approve" and state.gate:
        return gate_text(state.calls[state.gate].proposed)
    if verb == "settle" and state.question is not None:
        return gate_text(state.calls[state.question.call_id].proposed)
    return ""


def text(stand: Stand, word: Word, *, heard: SignalReceived | None = None, watched: bool = False) -> str:
    """What was said, and who hears it or how to go on.

    Args:
        stand: The run, as it stands now.
        word: What was said to it.
        heard: That it has heard it, if it has.
        watched: Whether this kernel wakes it by itself.
    """
    run, said = stand.state.run, f"Run {stand.state.run}: {word.told}"
    if word.type == "stop" and heard is not None and stand.state.ended is not None:
        doubts = [call.name for call in stand.state.calls.values() if call.status == "doubtful"]
        look = f" Look whether these acted: {', '.join(doubts)}." if doubts else ""
        return f"{said} It is ended ({stand.state.ended.outcome}).{look}"
    if heard is not None:
        return f"{said} It has heard it." if heard.used else f"{said} It came too late: it fitted nothing any more."
    if stand.state.ended is not None:
        return f"{said} It came too late: the run has ended ({stand.state.ended.outcome})."
    if watched:
        return f"{said} It goes on by itself, in the cell where it was parked."
    if stand.held and stand.holder is not None:
        return f"{said} {stand.holder.name} hears it before its next step."
    return f"{said} Nobody holds the run now. Go on with it: %aether resume {run}"


def json_text(stand: Stand, signal: Signal, *, heard: SignalReceived | None = None) -> str:
    """The same for another program; ``used`` is null while it has not been heard."""
    row: dict[str, Any] = {"run": signal.run, "said": signal.type, "signal": signal.id, "by": signal.by}
    holder = stand.holder.name if stand.holder is not None and stand.held else None
    told = {"heard": heard is not None, "used": heard.used if heard is not None else None}
    return json.dumps(row | {"stands": stand.word, "held_by": holder} | told, indent=2)
