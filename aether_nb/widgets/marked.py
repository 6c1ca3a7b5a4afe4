"""A run as Markdown, for converters and viewers that prefer it. Every text from outside is written as text."""

from __future__ import annotations

import re

from aether_nb.widgets import lasting, plain, room, wording
from aether_nb.widgets.blocks import Block, Card, Failure, Note, Question, Thinking, View, Words
from aether_nb.widgets.veil import Veil

__all__ = ["markdown"]

MARKDOWN_ROOM = 20_000
ANSWER_KEPT = 8_000


def markdown(view: View, veil: Veil, with_answer: bool = False) -> str:
    """The run as Markdown."""
    figures = " · ".join(plain.figures(view))
    pieces = [f"**{_mark(wording.state(view))}** · {_mark(figures)}"]
    if view.plan:
        pieces.append("\n".join(_item(item.status, item.title, item.tool) for item in view.plan[: plain.ITEMS_KEPT]))
    told = room.fitted(MARKDOWN_ROOM, view.blocks.values(), veil, _block, _head)
    pieces += told.pieces
    if found := room.rests(view):
        pieces.append("\n".join([f"**{room.RESTS}**\n", *(f"- call {_ticked(call)} {_mark(n)}" for call, n in found)]))
    if view.failure:
        pieces.append(_failure(view.failure))
    if waits := lasting.waits(view):
        pieces.append(_failure(waits))
    pieces += [f"*{_mark(said)}*" for said in room.missing(view, told.left_out)]
    if with_answer and view.answer:
        pieces.append(wording.clean(view.answer[:ANSWER_KEPT]))
    return "\n\n".join(piece for piece in pieces if piece) + "\n"


def _mark(text: str) -> str:
    """Text as text in Markdown, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&~$])", r"\\\1", plain.brief(text, 1000))


def _ticked(text: str) -> str:
    return f"`{plain.brief(text).replace('`', chr(39))}`" if text else ""


def _fence(text: str, language: str = "") -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _item(status: str, title: str, tool: str) -> str:
    left_out = "(left out)" if status == "skipped" else ""
    parts = [_mark(plain.brief(title, 120)), _ticked(tool), left_out]
    return f"- [{'x' if status == 'done' else ' '}] {' '.join(filter(None, parts))}"


def _head(card: Card) -> str:
    after = [] if card.status == "finished" else [wording.status(card)]
    after += [wording.duration(card.seconds)] if card.seconds is not None else []
    after += plain.changed_names(card)
    said = " · ".join(_mark(part) for part in [wording.purpose(card), *after] if part)
    return f"{plain.MARKS[card.status]} **{_ticked(plain.brief(card.name, 80))}** {said}"


def _block(one: Block) -> str:
    match one:
        case Thinking():
            return ""
        case Words():
            return "\n".join(f"> {_mark(line)}" for line in one.text.splitlines()[: plain.LINES_KEPT])
        case Question():
            return f"**{_mark(one.text)}** {_mark(wording.reply(one))}"
        case Note(tone="said"):
            return f"» {_mark(one.failure.what)} *(said {_mark(one.failure.why)})*"
        case Note(tone="info"):
            return f"*{_mark(one.failure.what)}*"
        case Note():
            return _failure(one.failure)
        case Card():
            return _card(one)


def _card(card: Card) -> str:
    language, source = wording.source(card)
    pieces = [_head(card)]
    if source:
        pieces.append(_fence("\n".join(plain.cut(source)), language))
    if card.gate:
        asked = f"{card.risk.capitalize()} risk: {_mark(wording.effect(card))}."
        pieces.append(f"{asked} {_mark(wording.approval(card.gate))}")
    pieces += [_mark(line) for line in (*map(wording.tried, card.tries), *plain.doubt(card))]
    if shown := plain.result(card):
        pieces.append(_fence("\n".join(shown)))
    pieces.append("\n".join(f"- {_mark(line)}" for line in (*plain.changes(card), *plain.flags(card))))
    if card.failure:
        pieces.append(_failure(card.failure))
    return "\n\n".join(piece for piece in pieces if piece)


def _failure(failure: Failure) -> str:
    why = _fence("\n".join(plain.cut(failure.why, 20))) if failure.why else ""
    hint = f"Next: {_mark(failure.hint)}" if failure.hint else ""
    return "\n\n".join(filter(None, (f"**{_mark(failure.what)}**", why, hint)))
