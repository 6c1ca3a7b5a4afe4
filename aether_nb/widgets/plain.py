"""A run as lines of text: for terminals, for diffs, and for whatever shows a notebook without HTML.

No colours and no control characters: what they would do to a terminal is taken out of the text of tools and models.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from aether_nb.events.values import BELOW
from aether_nb.widgets import wording
from aether_nb.widgets.blocks import Block, Card, Failure, Gate, Note, Question, Thinking, View, Words
from aether_nb.widgets.departures import left, misled
from aether_nb.widgets.wording import clean as clean

WIDTH = 96
LINES_KEPT = 40
LINE_KEPT = 200
ITEMS_KEPT = 30
NAMES_KEPT = 3
WORDS_KEPT = 20_000
CHAIN_SHOWN = 16
"""How many digits of a hash are shown: nobody makes a second record that begins with the same ones."""

MARKS = {
    "finished": "✓",
    "failed": "✗",
    "denied": "✗",
    "doubtful": "?",
    "broken": "✗",
    "waiting": "‖",
    "running": "▸",
    "proposed": "·",
    "skipped": "–",
    "done": "✓",
    "active": "▸",
    "pending": "·",
}


def cut(text: str, lines: int = LINES_KEPT) -> list[str]:
    """The first lines of a text, each bounded, and how many are missing."""
    kept = clean(text[: lines * LINE_KEPT * 4]).split("\n")
    missing = text.count("\n") + 1 - lines
    shown = [line if len(line) <= LINE_KEPT else line[: LINE_KEPT - 1] + "…" for line in kept[:lines]]
    return [*shown, f"… {wording.count(missing, 'more line')}"] if missing > 0 else shown


def brief(text: str, limit: int = 300) -> str:
    """A text on one line, and not longer than a few of them."""
    line = " ".join(clean(text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def header(view: View) -> str:
    """The first line: how it ended, and the figures."""
    return " · ".join([f"aether · {wording.state(view)}", *figures(view)])


def figures(view: View) -> list[str]:
    """What stands in the first line besides how it ended: time, counts, cost, model, run, the hash of its record."""
    chain = f"chain {view.chain[:CHAIN_SHOWN]}" if view.chain else ""
    return [
        *wording.facts(view),
        *filter(None, [left(view.account), misled(view), brief(view.model, 80), f"run {brief(view.run, 40)}", chain]),
    ]


def plan(view: View) -> list[str]:
    """The plan, an item a line."""
    if not view.plan:
        return []
    head = "Plan" + (f" (revised{': ' + brief(view.revision) if view.revision else ''})" if view.revised else "")
    shown = view.plan[:ITEMS_KEPT]
    width = min(72, max(len(brief(item.title, 120)) for item in shown))
    items = [
        f"  {MARKS[item.status]} {brief(item.title, 120):<{width}}  {brief(item.tool, 40)}".rstrip()
        + (" (left out)" if item.status == "skipped" else "")
        for item in shown
    ]
    return [head, *items]


def block(one: Block) -> list[str]:
    """Any block. Thinking is left out: it is for watching, not for the record."""
    match one:
        case Thinking():
            return []
        case Words():
            return wrap(one.text[:WORDS_KEPT])
        case Question():
            return question(one)
        case Note(tone="said"):
            return wrap(f"» {brief(one.failure.what, 2000)} (said {one.failure.why})")
        case Note():
            return failure(one.failure, "· " if one.tone == "info" else "! ")
        case Card():
            return [card_head(one), *indent(card_body(one))]


def card_head(card: Card) -> str:
    """A call in one line."""
    took = wording.duration(card.seconds) if card.seconds is not None else ""
    said = "" if card.status == "finished" else wording.status(card)
    parts = [brief(card.name, 80), wording.purpose(card), said, took, *changed_names(card)]
    return brief(f"{MARKS[card.status]} {' · '.join(part for part in parts if part)}", 2 * WIDTH)


def change_name(change: Any) -> str:
    """A change by its sign and name alone."""
    return brief(wording.change(change).partition(":")[0].partition(" (")[0], 60)


def changed_names(card: Card) -> list[str]:
    """The names that a call changed, the first few of them, for its one line."""
    names = [change_name(change) for change in card.changes[:NAMES_KEPT]]
    return [*names, "…"] if len(card.changes) > NAMES_KEPT else names


def card_body(card: Card) -> list[str]:
    """What stands inside a card: code, approval, output, changes, error."""
    lines = code(card)
    if card.edited:
        lines.append("Edited by you before it was approved.")
    if card.gate:
        lines.append(
            " · ".join(filter(None, (risk(card), wording.effect(card) if card.asked else "", answered(card.gate))))
        )
    lines += [line for one in card.tries for line in wrap(brief(wording.tried(one)))]
    lines += doubt(card)
    lines += result(card)
    lines += [*changes(card), *flags(card)]
    return lines + (failure(card.failure, "") if card.failure else [])


def doubt(card: Card) -> list[str]:
    """What is asked about a call of which nobody knows whether it acted, or how that was settled."""
    if card.doubt is None:
        return []
    if not card.doubt.open:
        return wrap(brief(wording.settled(card.doubt)))
    options = " / ".join(card.doubt.options)
    return [*wrap(f"? In doubt: {brief(card.doubt.what)}. Nobody knows whether it acted."), brief(f"({options})")]


def changes(card: Card) -> list[str]:
    """What a call did to the namespace, a name a line."""
    shown = _some([wording.change(change) for change in card.changes[:LINES_KEPT]], len(card.changes))
    return [*shown, *map(brief, [*wording.taken_back(card), *wording.typed(card)])]


def flags(card: Card) -> list[str]:
    """What deserves a second look in what a call changed, a flag a line."""
    raised = wording.flags(card.changes)
    return _some(raised[:LINES_KEPT], len(raised))


def _some(lines: list[str], there: int) -> list[str]:
    shown, missing = [brief(line) for line in lines], there - len(lines)
    return [*shown, f"… {wording.count(missing, 'more change')}"] if missing > 0 else shown


def result(card: Card) -> list[str]:
    """What a call said and showed, as text."""
    said = wording.told(card)
    texts = [text for text in map(output, card.outputs) if text]
    if said and (not texts or card.name == wording.RUNS_CODE):
        texts.insert(0, said)
    return [line.rstrip() for text in texts for line in cut(text)]


def output(bundle: Mapping[str, Any]) -> str:
    """The text of an output; empty for a figure that stands below already, which the call has told."""
    if BELOW in bundle:
        return ""
    if pictured(bundle):
        return "(a figure)"
    text = bundle.get("text/plain") or bundle.get("text/markdown")
    return text.strip("\n") if isinstance(text, str) else ""


def pictured(bundle: Mapping[str, Any]) -> bool:
    """Whether an output is a picture, which stands below its call as an output of its own."""
    return any(mime.startswith("image/") for mime in bundle)


def shortened(card: Card) -> bool:
    """Whether something of a call does not fit its card: code, or what it said and showed."""
    texts = [wording.told(card), *map(output, card.outputs), *([] if card.asked else [wording.source(card)[1]])]
    return any(_long(text) for text in texts)


def _long(text: str) -> bool:
    return text.count("\n") >= LINES_KEPT or any(len(line) > LINE_KEPT for line in text.split("\n"))


def code(card: Card) -> list[str]:
    """The arguments behind a rule: all of them while somebody is asked about them, and their beginning otherwise."""
    if card.asked:
        return whole(card)
    _, source = wording.source(card)
    return [_ruled(line) for line in cut(source)] if source else []


def whole(card: Card) -> list[str]:
    """All arguments, with nothing cut and what cannot be seen written out."""
    return [_ruled(line) for _, text in wording.whole(card) for line in text.split("\n")]


def _ruled(line: str) -> str:
    return f"| {line}" if line else "|"


def risk(card: Card) -> str:
    """The risk of a call in a word."""
    return f"{card.risk.capitalize()} risk"


def question(one: Question) -> list[str]:
    """A question, its options, and the answer when there is one."""
    options = [f"({' / '.join(one.options)})"] if one.options and not one.by else []
    reply = [f"→ {wording.reply(one)}"] if one.by else []
    return [*wrap(f"? {brief(one.text, 2000)}"), *indent([brief(line) for line in [*options, *reply]])]


def failure(one: Failure, mark: str) -> list[str]:
    """What went wrong, why, and what to type next."""
    hint = wrap(f"Next: {brief(one.hint, 1000)}") if one.hint else []
    return [*wrap(mark + brief(one.what, 1000)), *indent(cut(one.why, 20) if one.why else []), *hint]


def wrap(text: str) -> list[str]:
    """Prose at a width that reads well; what is no prose (tables, code) is left as it is."""
    lines: list[str] = []
    fenced = False
    for line in clean(text).strip("\n").split("\n"):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        prose = not fenced and len(line) > WIDTH and not line.lstrip().startswith("|")
        lines += textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False) if prose else [line]
    return lines


def indent(lines: list[str]) -> list[str]:
    """Lines one step further in."""
    return [f"  {line}".rstrip() for line in lines]


def answered(gate: Gate) -> str:
    """Who answered a gate, when, and for how long."""
    return brief(wording.approval(gate))
