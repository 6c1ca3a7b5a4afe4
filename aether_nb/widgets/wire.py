"""A view as the JSON that travels to the panel: bounded, with Markdown and tables already cleaned.

What is text here is set as text there. What is HTML went through ``markdown`` and is rebuilt from an allow-list once
more by the panel. Pure functions: nothing here knows a widget or a thread.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from aether_nb.events.values import BELOW
from aether_nb.widgets import consent, departures, highlight, wording
from aether_nb.widgets.blocks import LIVE_KEPT, Block, Card, Failure, Note, Question, Thinking, View, Words
from aether_nb.widgets.gauge import described
from aether_nb.widgets.grounds import grounds
from aether_nb.widgets.markdown import clean_html, to_html

JSON = dict[str, Any]

TEXT_KEPT = 20_000
RESULT_KEPT = 8_000
HTML_KEPT = 80_000
IMAGE_KEPT = 2_000_000
OUTPUTS_KEPT = 12
EDITABLE = 60_000
GATE_KEPT = 1_000_000
"""Bytes of arguments that a gate shows; a call with more can only be denied here."""


def header(view: View, now: float) -> JSON:
    """State, model, figures and the clock's parts; ``now`` lets the browser correct for its own clock."""
    spent = wording.usage(view.usage) if view.steps else ""
    return {
        "run": view.run,
        "prompt": view.prompt[:TEXT_KEPT],
        "model": view.model,
        "state": view.state,
        "words": wording.state(view),
        "outcome": view.outcome or "",
        "started": view.started,
        "ended": view.ended,
        "waited": view.waited,
        "waiting_since": view.waiting_since,
        "paused": view.paused,
        "steps": wording.count(view.steps, "step") if view.steps else "",
        "usage": " · ".join(filter(None, (spent, departures.left(view.account), departures.misled(view)))),
        "left": "\n".join(
            [*departures.left_lines(view.account), *(f"In all: {line}" for line in departures.left_lines(view.in_all))]
        ),
        "gauge": described(view.gauge),
        "grants": [consent.grant(one) for one in view.grants.values()],
        "now": now,
    }


def plan(view: View) -> JSON:
    """The items, and why the plan was changed."""
    items = [{"title": item.title, "tool": item.tool, "status": item.status, "fresh": item.fresh} for item in view.plan]
    return {"items": items, "revised": view.revised, "revision": view.revision}


def tail(view: View, settled: str, rest: str) -> JSON:
    """What follows the last block: the reply as it arrives (``settled`` is HTML, ``rest`` text), answer or failure."""
    return {
        "html": to_html(view.answer, math=True) if view.answer else settled,
        "rest": "" if view.answer else rest,
        "final": bool(view.answer),
        "text": view.answer,
        "grounds": grounds(view) if view.answer else [],
        "feedback": view.feedback,
        "forming": view.forming,
        "note": view.note[:300],
        "failure": _failure(view.failure),
    }


def block(one: Block) -> JSON:
    """One block."""
    match one:
        case Thinking():
            return {"kind": "thinking", "id": one.id, "text": one.text[-TEXT_KEPT:], "done": one.done}
        case Words():
            return {"kind": "words", "id": one.id, "html": to_html(one.text, math=True)}
        case Question():
            return _question(one)
        case Note():
            return {"kind": "note", "id": one.id, "tone": one.tone, "failure": _failure(one.failure)}
        case Card():
            return _card(one)


def _question(one: Question) -> JSON:
    return {
        "kind": "question",
        "id": one.id,
        "question": one.id.removeprefix("q:"),
        "text": one.text,
        "options": list(one.options),
        "open": not one.by,
        "reply": wording.reply(one),
    }


def _card(card: Card) -> JSON:
    gate = _gate(card) if card.status == "waiting" else None
    language, source = _source(card, gate)
    return {
        "kind": "call",
        "id": card.id,
        "call": card.call_id,
        "name": card.name,
        "purpose": wording.purpose(card)[:300],
        "status": card.status,
        "word": wording.status(card),
        "edited": card.edited,
        "begun": card.begun,
        "seconds": "" if card.seconds is None else wording.duration(card.seconds),
        "code": [list(piece) for piece in highlight.pieces(source, language)],
        "language": language,
        **live(card),
        "progress": _progress(card),
        "outputs": outputs(card),
        "changes": [
            *map(wording.change, card.changes),
            *wording.flags(card.changes),
            *wording.taken_back(card),
        ],
        "undo": _undo(card),
        "failure": _failure(card.failure),
        "approval": wording.approval(card.gate) if card.gate else "",
        "gate": gate,
        "tries": [wording.clean(wording.tried(one)) for one in card.tries],
        "doubt": _doubt(card),
        "settled": wording.clean(wording.settled(card.doubt)) if card.doubt else "",
    }


def _undo(card: Card) -> JSON | None:
    """The way back that can be clicked while the run is at work, and what came of the last click.

    It stays when the run is over, so that no card has to be sent for that: the panel then shows what is typed for it.
    """
    way = card.way
    if not card.undoable:
        return None
    return {
        "id": way.last if way.undone else card.call_id,
        "word": "Redo" if way.undone else "Undo",
        "text": wording.clean(way.text),
        "sure": way.sure,
        "shown": way.shown,
        "number": way.number,
    }


def _doubt(card: Card) -> JSON | None:
    """What is asked about a call of which nobody knows whether it acted; ``rest`` is as that of a gate."""
    doubt = card.doubt
    if doubt is None or not doubt.open:
        return None
    return {
        "question": doubt.question,
        "options": list(doubt.options),
        "effect": card.effect,
        "effect_text": wording.effect(card),
        "path": wording.reveal_line(card.path),
        "what": wording.sentence(wording.clean(doubt.what)),
        "rest": [
            list(piece) for language, text in wording.whole(card)[1:] for piece in highlight.pieces(text, language)
        ],
    }


def live(card: Card) -> JSON:
    """The tail of what a card's call has printed so far, and how much went before it."""
    text = tail_of(card.live)
    gone = card.cut + len(card.live) - len(text)
    return {"live": text, "cut": f"… {gone:,} characters before this" if gone else ""}


def tail_of(text: str, limit: int = LIVE_KEPT) -> str:
    """The end of a text, of at most so many bytes of UTF-8."""
    return text[-limit:].encode(errors="replace")[-limit:].decode(errors="ignore")


def sound(value: Any) -> Any:
    """A message with U+FFFD for every half character, which JSON can name and UTF-8 cannot write."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {name: sound(one) for name, one in value.items()}
    return [sound(one) for one in value] if isinstance(value, list | tuple) else value


def _source(card: Card, gate: JSON | None) -> tuple[str, str]:
    """The language and the text in the card's well: whole while it is asked about, else bounded."""
    if not card.asked or (gate and gate["large"]):
        language, source = wording.source(card)
        return language, _cut(source, TEXT_KEPT)
    return next(iter(wording.whole(card)), ("", ""))


def _gate(card: Card) -> JSON:
    """What is asked. The card shows all of the first of the call's texts, and ``rest`` the others.

    ``large`` is the size of a call that cannot be shown whole; nobody can say yes to it here.
    """
    editable = len(json.dumps(card.arguments, default=str)) <= EDITABLE
    diff, name = consent.difference(card), wording.reveal_line(PurePath(card.path).name)
    texts = wording.whole(card)
    size = sum(len(text.encode()) for _, text in texts)
    shown = texts[1:] if size <= GATE_KEPT else []
    return {
        "hash": card.hash,
        "risk": card.risk,
        "effect": card.effect,
        "reasons": [wording.sentence(wording.reveal_line(reason)) for reason in card.reasons],
        "effect_text": f"Changes {name or 'a cell'}" if diff else wording.effect(card),
        "diff": diff,
        "path": wording.reveal_line(card.path),
        "folder": wording.reveal_line(PurePath(card.path).parent.name or card.path) if card.path else "",
        "variables": wording.reveal_line(", ".join(card.variables)),
        "arguments": dict(card.arguments) if editable else None,
        "rest": [list(piece) for language, text in shown for piece in highlight.pieces(text, language)],
        "lines": sum(text.count("\n") + 1 for _, text in texts),
        "large": f"{size / 1e6:,.1f} MB" if size > GATE_KEPT else "",
        "refused": wording.clean(card.gate.refused) if card.gate else "",
        "refusals": card.gate.refusals if card.gate else 0,
    }


def _progress(card: Card) -> JSON | None:
    progress = card.progress
    return {"done": progress.done, "total": progress.total, "note": progress.note} if progress else None


def _failure(failure: Failure | None) -> JSON | None:
    if failure is None:
        return None
    return {"what": failure.what, "why": _cut(failure.why, RESULT_KEPT), "hint": failure.hint}


def outputs(card: Card) -> list[JSON]:
    """What a call brought, as ``{"type": "text" | "html" | "image" | "note", …}``. What it said comes first."""
    bundles, said = card.outputs[:OUTPUTS_KEPT], wording.told(card)
    shown = [one for one in map(_output, bundles) if one]
    if said and (not shown or card.name == wording.RUNS_CODE):
        shown.insert(0, {"type": "text", "text": _cut(said, RESULT_KEPT)})
    if len(card.outputs) > len(bundles):
        shown.append({"type": "note", "text": f"… {len(card.outputs) - len(bundles)} more outputs"})
    return shown


def _output(bundle: Mapping[str, Any]) -> JSON | None:
    """The richest form of an output that is safe and small enough; none for a figure that stands below already."""
    if BELOW in bundle:
        return None
    for mime in ("image/png", "image/jpeg"):
        if isinstance(data := bundle.get(mime), str):
            if len(data) <= IMAGE_KEPT:
                return {"type": "image", "mime": mime, "data": "".join(data.split()), "text": _plain(bundle)}
            return {"type": "note", "text": f"A picture of {len(data) * 3 // 4:,} bytes: too large for this panel."}
    html = bundle.get("text/html")
    if isinstance(html, str) and len(html) <= HTML_KEPT and (clean := clean_html(html)).strip():
        return {"type": "html", "html": clean}
    if isinstance(bundle.get("text/markdown"), str):
        return {"type": "html", "html": to_html(_cut(bundle["text/markdown"], TEXT_KEPT), math=True)}
    text = _plain(bundle)
    return {"type": "text", "text": text} if text.strip() else None


def _plain(bundle: Mapping[str, Any]) -> str:
    text = bundle.get("text/plain", "")
    return _cut(text, RESULT_KEPT) if isinstance(text, str) else ""


def _cut(text: str, limit: int) -> str:
    """The beginning of a text that is too long, and how much is missing."""
    return text if len(text) <= limit else f"{text[:limit]}\n… {len(text) - limit:,} more characters"
