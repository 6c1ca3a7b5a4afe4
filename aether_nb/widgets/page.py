"""A run as HTML that stands still: nothing in it runs, nothing is loaded, every text is escaped.

It has inline styles only (``inks``) and reads as well where a page takes them away: lists are lists, names are bold,
and every state is also said in a word or a sign. Calls are folded; the line of each tells what came of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from aether_nb.widgets import highlight, inks, lasting, plain, room, wording
from aether_nb.widgets.blocks import Block, Card, Failure, Item, Note, Question, Thinking, View, Words
from aether_nb.widgets.inks import PRINTED, QUIET, SMALL, WELL, ink, mark, tone
from aether_nb.widgets.markdown import clean_html, to_html
from aether_nb.widgets.veil import Veil

__all__ = ["html"]

HTML_ROOM = 60_000
ANSWER_KEPT, ANSWER_HTML = 8_000, 24_000
TABLE_KEPT = 6_000
"""A table of so many characters of HTML is shown as one; a larger one as text."""
GAP = "&nbsp; "


def html(view: View, veil: Veil, with_answer: bool = False) -> str:
    """The run as HTML with inline styles only."""
    told = room.fitted(HTML_ROOM, view.blocks.values(), veil, _block, lambda card: _line(_summary(card)))
    pieces = [_header(view), _plan(view), *told.pieces, _rests(view)]
    if view.failure:
        pieces.append(_failure(view.failure))
    if waits := lasting.waits(view):
        pieces.append(_failure(waits, inks.AMBER))
    pieces += [_line(_span(said, QUIET, SMALL), style="margin-top:6px") for said in room.missing(view, told.left_out)]
    if with_answer and view.answer:
        pieces.append(f'<div style="{inks.RULE}">{_prose(view.answer)}</div>')
    lines = "\n".join(filter(None, pieces))  # so that a difference of two saved notebooks can be read
    lines = re.sub(r"\n(?=[ \t]*\n)", "&#10;", lines)  # Markdown takes HTML to end at an empty line
    label = escape(f"aether run {view.run}: {wording.state(view)}")
    return f'<div role="group" aria-label="{label}" style="{inks.FRAME}">{lines}</div>'


# ---- pieces


def _span(text: str, *styles: str) -> str:
    return f'<span style="{";".join(styles)}">{escape(text)}</span>'


def _line(*parts: str, style: str = "") -> str:
    return f'<div style="{style}">{"".join(parts)}</div>' if style else f"<div>{''.join(parts)}</div>"


def _mark(sign: str, state: str, said: str = "") -> str:
    """A sign. Whoever hears the page is told the word for it, or nothing where the words beside it say the same."""
    heard = f'role="img" aria-label="{escape(said)}"' if said else 'aria-hidden="true"'
    return f'<span {heard} style="{mark(state)}">{sign}</span> '


def _heading(words: str, level: int) -> str:
    """A heading for whoever hears the page; no element of its own, which a notebook's contents would list."""
    return f'<span role="heading" aria-level="{level}">{words}</span>'


def _pre(lines: list[str], style: str) -> str:
    return f'<pre style="{style}">{escape(chr(10).join(lines))}</pre>'


def _code(source: str, language: str) -> str:
    """Code in its colours; pieces that have none are joined to their neighbours by being plain."""
    coloured = highlight.pieces(source, language)
    return "".join(_span(text, inks.CODE[kind]) if kind in inks.CODE else escape(text) for kind, text in coloured)


def _details(summary: str, body: str, open: bool = False) -> str:
    folded = "<details open" if open else "<details"
    return (
        f'{folded} style="margin:2px 0 2px 0"><summary style="cursor:pointer">{summary}</summary>'
        f'<div style="margin:2px 0 8px 20px">{body}</div></details>'
    )


def _prose(text: str) -> str:
    """Markdown as HTML; as the beginning of its text when that HTML would be out of all proportion."""
    made = to_html(wording.clean(text[:ANSWER_KEPT]))
    return made if len(made) <= ANSWER_HTML else _pre(plain.cut(text), PRINTED)


# ---- the run


def _header(view: View) -> str:
    state = view.outcome or ("parked" if view.parked else "broken" if view.broken_off is not None else "going")
    sign = {"done": "✓", "cancelled": "–", "parked": "‖", "going": "▸"}.get(state, "✗")
    words = wording.state(view)
    whole = f' title="aether run {escape(view.run)} chain {escape(view.chain)}"' if view.chain else ""
    figures = f'<span{whole} style="{QUIET};{SMALL}">{escape(" · ".join(plain.figures(view)))}</span>'
    style = "font-weight:600" if state == "going" else f"{tone(state)};font-weight:600"
    told = f'<b style="{style}">{escape(words)}</b>'
    return _line(_mark(sign, state), _heading(told, 4), GAP, figures)


def _plan(view: View) -> str:
    if not view.plan:
        return ""
    revised = f"revised: {plain.brief(view.revision)}" if view.revision else "revised"
    head = _heading("<b>Plan</b>", 5) + (f"{GAP}{_span(revised, QUIET, SMALL)}" if view.revised else "")
    items = "".join(map(_item, view.plan[: plain.ITEMS_KEPT]))
    return _line(head, f'<ul style="list-style:none;margin:0;padding:0">{items}</ul>', style="margin:6px 0 8px 0")


def _item(item: Item) -> str:
    tool = f"{GAP}{_span(plain.brief(item.tool, 40), QUIET, 'font-family:monospace;font-size:11px')}"
    left_out = f"{GAP}{_span('left out', QUIET)}" if item.status == "skipped" else ""
    sign = _mark(plain.MARKS[item.status], item.status, "" if left_out else item.status)
    return (
        f'<li style="margin:0">{sign}{escape(plain.brief(item.title, 120))}{tool if item.tool else ""}{left_out}</li>'
    )


def _rests(view: View) -> str:
    """What the answer rests on, as far as its numbers tell."""
    found = room.rests(view)
    items = "".join(
        f'<li style="margin:0">{_span("call", QUIET)} <b style="{inks.NAME};font-weight:600">{escape(call)}</b>{GAP}'
        f"{_span(numbers, QUIET)}</li>"
        for call, numbers in found
    )
    listed = f'<ul style="list-style:none;margin:0;padding:0">{items}</ul>'
    return _line(_heading(f"<b>{room.RESTS}</b>", 5), listed, style="margin:8px 0 2px 0") if found else ""


def _block(one: Block) -> str:
    match one:
        case Thinking():
            return _thinking(one)
        case Words():
            return _line(_prose(one.text), style="margin:4px 0 4px 20px")
        case Question():
            reply = _span(plain.brief(wording.reply(one)) or "open", QUIET)
            asked = f"<b>{escape(plain.brief(one.text, 2000))}</b>"
            return _line(_mark("?", "waiting", "question"), asked, GAP, reply, style="margin:4px 0 4px 0")
        case Note(tone="said"):
            said = f"{GAP}{_span(plain.brief(f'said {one.failure.why}'), QUIET, SMALL)}"
            words = escape(plain.brief(one.failure.what, 2000))
            return _line(_mark("»", "", "said"), words, said, style="margin:4px 0 4px 0")
        case Note(tone="info"):
            return _line(_span(plain.brief(one.failure.what, 1000), QUIET), style="margin:4px 0 4px 20px")
        case Note():
            return _failure(one.failure, inks.AMBER if one.tone == "limit" else inks.RED)
        case Card():
            return _details(_summary(one), _body(one), one.asked) + _flags(one, warn=True)


def _thinking(one: Thinking) -> str:
    """A short thought in a quiet line of its own; a long one folded behind its beginning."""
    sign, beginning = _mark("…", "", "thought"), plain.brief(one.text, 84)
    short = plain.brief(one.text, wording.THOUGHT_KEPT)
    if " ".join(plain.clean(one.text).split()) == short:
        return _line(sign, _span(short, QUIET), style="margin:2px 0 2px 13px")
    whole = _line(_span("\n".join(plain.cut(one.text)), QUIET), style="white-space:pre-wrap")
    return _details(sign + _span(beginning, QUIET), whole)


# ---- a call


def _summary(card: Card) -> str:
    """Status, tool, purpose, duration, what changed, and who approved when: a call that is folded is still told."""
    after = [] if card.status == "finished" else [_span(wording.status(card), tone(card.status))]
    after += [_span(wording.duration(card.seconds), QUIET)] if card.seconds is not None else []
    after += [_span(name, QUIET, inks.NAME) for name in plain.changed_names(card)]
    if card.gate and card.gate.decision:
        # A line may end before it, and not inside of its date.
        after.append(_span(plain.brief(wording.decided(card.gate)), QUIET, "display:inline-block"))
    name = f'<b style="{inks.NAME};font-weight:600">{escape(plain.brief(card.name, 80))}</b>'
    parts = [name, escape(wording.purpose(card)), *after]
    return _mark(plain.MARKS[card.status], card.status, "done" * (card.status == "finished")) + GAP.join(
        filter(None, parts)
    )


def _body(card: Card) -> str:
    texts = wording.whole(card) if card.asked else [wording.source(card)]
    shown = [(text if card.asked else chr(10).join(plain.cut(text)), language) for language, text in texts if text]
    pieces = [f'<pre style="{WELL}">{_code(text, language)}</pre>' for text, language in shown]
    if card.edited:
        pieces.append(_line(_span("Edited by you before it was approved.", QUIET)))
    if card.gate:
        risk = _span(f"{card.risk.capitalize()} risk", ink(inks.RISKS.get(card.risk, inks.RED)), "font-weight:600")
        pieces.append(_line(risk, " ", escape(plain.brief(wording.effect(card)))))
        pieces += [_line(_span(line, QUIET)) for line in _gate_lines(card)]
    pieces += [_line(_span(plain.brief(wording.tried(one)), QUIET)) for one in card.tries]
    if card.doubt and card.doubt.open:
        what = f"{card.doubt.what}. Nobody knows whether it acted."
        pieces.append(_failure(Failure(wording.sentence(what), " / ".join(card.doubt.options)), inks.AMBER))
    elif card.doubt:
        pieces.append(_line(_span(plain.brief(wording.settled(card.doubt)), QUIET)))
    pieces += _results(card)
    if changes := plain.changes(card):
        pieces.append(_pre(changes, PRINTED))
    pieces.append(_flags(card, warn=False))
    if card.failure:
        pieces.append(_failure(card.failure))
    return "".join(pieces)


def _results(card: Card) -> list[str]:
    """What a call said and showed: text as it is, small tables as tables, figures by name: they stand below."""
    shown = [piece for piece in map(_output, card.outputs) if piece]
    said = wording.told(card)
    if said and (not shown or card.name == wording.RUNS_CODE):
        shown.insert(0, _pre(plain.cut(said), PRINTED))
    return shown


def _output(bundle: Mapping[str, Any]) -> str:
    made = bundle.get("text/html")
    if isinstance(made, str) and "<table" in made and len(made) <= TABLE_KEPT and not plain.pictured(bundle):
        table = clean_html(made).strip()
        return f'<div style="margin:4px 10px 4px 10px;overflow-x:auto">{table}</div>' if table else ""
    text = plain.output(bundle)
    return _pre([line.rstrip() for line in plain.cut(text)], PRINTED) if text else ""


def _flags(card: Card, *, warn: bool) -> str:
    """The warnings, which stand below the card however it is folded; or the notes, which stand in it."""
    lines = [line for line in plain.flags(card) if line.startswith("!") is warn]
    style = ink(inks.AMBER) if warn else QUIET
    return "".join(_line(_span(line, style), style="margin-left:20px" * warn) for line in lines)


def _gate_lines(card: Card) -> list[str]:
    """The path, the reasons and the answer of a gate."""
    approval = wording.approval(card.gate) if card.gate else ""
    return [plain.brief(line) for line in (card.path, *map(wording.sentence, card.reasons[:10]), approval) if line]


def _failure(failure: Failure, color: str = inks.RED) -> str:
    why = _pre(plain.cut(failure.why, 20), PRINTED.replace("0 10px", "0")) if failure.why else ""
    hint = _line(f"<b>Next</b>{GAP}", escape(plain.brief(failure.hint, 1000))) if failure.hint else ""
    what = _line(f"<b>{escape(plain.brief(failure.what, 1000))}</b>")
    return _line(what, why, hint, style=f"border-left:3px solid {color};padding:4px 10px;margin:4px 0 4px 0")
