"""How the facts of a run are said to people: states, amounts, money, time, who answered what.

Panel, transcript and console all take their words from here, so that they never tell two stories. Everything is plain
text; whoever draws it escapes it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from aether_nb.events.kinds import (
    MINUTES,
    Change,
    Lasts,
    Outcome,
    State,
    UndoDone,
)
from aether_nb.events.messages import Usage
from aether_nb.widgets.blocks import ENDED, Card, Doubt, Failure, Gate, Question, Try, View

STATES: dict[State, str] = {
    "IDLE": "Idle",
    "PLANNING": "Planning",
    "THINKING": "Thinking",
    "TOOL_CALLING": "Working",
    "OBSERVING": "Reading the result",
    "COMPILING": "Writing",
    "PAUSED": "Waiting for you",
    "ENDED": "Ended",
}

OUTCOMES: dict[Outcome, str] = {"done": "Done", "failed": "Failed", "cancelled": "Stopped"}

LASTS: dict[Lasts, str] = {
    "once": "once",
    "minutes": f"for {MINUTES:.0f} minutes",
    "run": "for this run",
    "notebook": "for this notebook",
}

THOUGHT_KEPT = 120
"""A thought of at most so many characters is said in its row; a longer one is folded behind its beginning."""

RUNS_CODE = "run_python"
"""The tool that runs Python, and tells a model of its output in sections."""

CODE_ARGUMENT = {RUNS_CODE: ("code", "python"), "query": ("sql", "sql")}
"""Tools whose work is one argument of code: which one, and in what language."""


_CONTROL = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\\\)|(?:\x1b\[|\x9b)[0-9;?]*[ -/]*[@-~]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_LONE = re.compile(r"[\ud800-\udfff]")
"""Halves of characters; no output can encode them."""

_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and marks that look like nothing; some may be part of a Python name."""


def clean(text: str) -> str:
    """Text without what would move a cursor, ring a bell or turn the direction of writing round.

    Whatever reaches a terminal goes through here. Half characters, which no terminal can be sent, become U+FFFD.
    """
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _LONE.sub("\ufffd", plain).expandtabs(4)


def reveal(text: str) -> str:
    """Code with its invisible characters written out: what a person approves must be what is run."""
    plain = text.replace("\r\n", "\n")
    return plain.translate({ord(letter): _written(letter) for letter in set(plain) if _hidden(letter)})


def reveal_line(text: str) -> str:
    """A text of one line with its invisible characters written out, line ends and tabs among them; nothing is cut."""
    return reveal(text).replace("\n", "\\n").replace("\t", "\\t")


def _hidden(letter: str) -> bool:
    """Whether a character cannot be seen: controls, formats, halves, tags, fillers, selectors of variants."""
    if letter in "\n\t":
        return False
    if letter in _UNSEEN or "\u180b" <= letter <= "\u180f" or "\ufe00" <= letter <= "\ufe0f":
        return True
    return "\U000e0000" <= letter <= "\U000e0fff" or unicodedata.category(letter) in _HIDDEN


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})


def _written(letter: str) -> str:
    code = ord(letter)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def state(view: View) -> str:
    """What the run is doing, or how it ended."""
    if view.outcome:
        return OUTCOMES[view.outcome]
    if view.broken_off is not None:
        return ": ".join(filter(None, ("Broken off", " ".join(clean(view.broken_off).split())[:300])))
    if view.parked is not None:
        return "Parked"
    if view.paused:
        return "Paused"
    if view.state == "TOOL_CALLING":
        running = [card.name for card in view.cards if card.status == "running"]
        return f"Running {clean(running[-1])}" if running else STATES["TOOL_CALLING"]
    return STATES[view.state]


def status(card: Card) -> str:
    """How far a call is, in a word or two."""
    if card.stopped:
        return "stopped"
    if card.status == "proposed" and (card.tries or (card.doubt and card.doubt.how == "rerun")):
        return "next, again"
    if card.doubt and card.doubt.how in ("ran", "skip") and card.status in ("finished", "skipped"):
        return "it ran, its result is lost" if card.doubt.how == "ran" and not card.result else "left as it is"
    words = {"proposed": "next", "waiting": "waiting for you", "finished": "done", "doubtful": "in doubt"}
    words |= {"skipped": "not run", "broken": "broken off"}
    return words.get(card.status, card.status)


def duration(seconds: float) -> str:
    """``20 ms``, ``0.3 s``, ``14 s``, ``2 min 5 s``, ``1 h 4 min``."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def count(number: int, noun: str) -> str:
    """``1 step``, ``1,200 tokens``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def usage(used: Usage) -> str:
    """Tokens and money: ``1,234 tokens · $0.012``. An unknown price is ``$?``; what costs nothing is ``free``.

    Empty as long as nothing was used.
    """
    if not used.tokens and used.cost == 0:
        return ""
    money = "$?" if used.cost is None else "free" if used.cost == 0 else f"${used.cost:.2f}"
    if used.cost is not None and 0 < used.cost < 0.1:
        money = f"${used.cost:.4f}".rstrip("0")
    return f"{count(used.tokens, 'token')} · {money}" if used.tokens else money


def facts(view: View) -> list[str]:
    """The line of figures at the head of a run that is over or is shown as text."""
    seconds = [duration(view.seconds(view.ended))] if view.ended is not None else []
    spent = usage(view.usage) if view.steps else ""
    return [*seconds, count(view.steps, "step"), count(view.calls, "call"), *([spent] if spent else [])]


def who(by: str) -> str:
    """Who said it: ``in the panel``, ``by a grant you gave``, ``by the policy deny``."""
    place, _, name = by.partition(":")
    if place == "grant":
        return "by a grant you gave before"
    if place == "policy":
        return "by nobody" if name == "closed" else f"by the policy {name}"
    if place == "signal":
        login = name.partition("cli:")[2]
        return f"by {login} from a terminal" if login else who(name)
    if place == "hook":
        return f"by the hook {name}"
    if place == "tool":
        return "by the tool itself, which looked" if name == "verify" else "by the tool's own rule"
    places = {"panel": "in the panel", "terminal": "in the terminal", "cell": "in a cell", "nobody": "by nobody"}
    return places.get(by, f"by {by}")


def clock(time: float) -> str:
    """A local date and time, to the second."""
    return datetime.fromtimestamp(time).strftime("%Y-%m-%d %H:%M:%S")


def decided(gate: Gate) -> str:
    """Who decided about a call, for how long, and when; empty while nobody has."""
    if not gate.decision:
        return ""
    said = "Approved" if gate.decision == "approve" else "Denied"
    lasts = f", {LASTS[gate.lasts]}" if gate.decision == "approve" else ""
    return f"{said} {who(gate.by)}{lasts} · {clock(gate.answered)}"


def approval(gate: Gate) -> str:
    """The same, with how long it took and why; empty while nobody has decided."""
    waited = gate.answered - gate.opened
    after = f" after {duration(waited)}" if waited >= 0.05 else ""
    reason = f": {gate.reason}" if gate.reason else ""
    return f"{decided(gate)}{after}{reason}" if gate.decision else ""


def reply(question: Question) -> str:
    """What came of a question; empty while it is open."""
    if not question.by:
        return ""
    if question.by == ENDED:
        return "Not answered: the run ended."
    return "Nobody was there to answer." if question.answer is None else f"{question.answer} ({who(question.by)})"


def change(one: Change) -> str:
    """``+ summary: DataFrame (3 rows × 4 columns)``; the sign stands for what happened."""
    sign = {"added": "+", "changed": "~", "removed": "−", "unknown": "?"}[one.what]
    kind = f": {one.type}" if one.type else ""
    details = f" ({', '.join(one.details)})" if one.details else ""
    return f"{sign} {one.name}{kind}{details}"


def taken_back(card: Card) -> list[str]:
    """That what a call did was undone, or what of it cannot be."""
    return ["↩ undone"] if card.way.undone else [f"! cannot be undone: {reveal_line(why)}" for why in card.limited]


def typed(card: Card) -> list[str]:
    """How a call is taken back when its run is over."""
    return [f"↩ {card.way.command}"] if card.way.command and not card.way.undone else []


def undone(event: UndoDone) -> Failure:
    """That calls were taken back, or done once more, and what stayed as it was."""
    count_ = count(len(event.call_ids), "call")
    what = f"Done once more {who(event.by)}: {count_}." if event.undoes else f"Undone {who(event.by)}: {count_}."
    if not event.call_ids:
        what = f"Nothing could be put back {who(event.by)}."
    return Failure(what, "".join(f"Not undone: {reveal_line(why)}\n" for why in event.left).rstrip())


def flags(changes: Iterable[Change]) -> list[str]:
    """What deserves a second look in what a call changed: ``! orders: fan-out: 1,000 rows became 1,340``.

    What was probably meant has ``·`` for a sign.
    """
    return [
        f"{'!' if flag.warn else '·'} {one.name}: {flag.kind}: {flag.text}" for one in changes for flag in one.flags
    ]


def purpose(card: Card) -> str:
    """What a call is for; when nobody said, its first argument."""
    if card.purpose:
        return " ".join(clean(card.purpose[:400]).split())[:200]
    first = next(
        (clean(str(value)[:2000]) for value in card.arguments.values() if isinstance(value, str | int | float)), ""
    )
    lines = [line.strip() for line in first.splitlines() if line.strip()]
    return lines[0][:120] if lines else ""


def source(card: Card) -> tuple[str, str]:
    """The arguments as code: a language (as ``python``) and the text; both empty when the head says it all."""
    name, language = CODE_ARGUMENT.get(card.name, ("", ""))
    if name and isinstance(card.arguments.get(name), str):
        return language, reveal(card.arguments[name].strip("\n"))
    shown = {key: value for key, value in card.arguments.items() if key != "purpose" and value not in ("", None)}
    return ("json", reveal(compact_json(shown))) if shown else ("", "")


def same(one: str, other: str) -> bool:
    """Whether two sentences say the same, but for spaces, capitals and the stop at the end."""
    bare, other_bare = (" ".join(text.split()).rstrip(".:…").casefold() for text in (one, other))
    return bare == other_bare


def whole(card: Card) -> list[tuple[str, str]]:
    """All arguments, for whoever has to approve them: languages and texts, nothing cut and nothing left out.

    Code is code, other arguments are JSON. Only a purpose that the card's head says word for word is not said again.
    """
    name, language = CODE_ARGUMENT.get(card.name, ("", ""))
    rest = {key: value for key, value in card.arguments.items() if key != "purpose" or value not in ("", purpose(card))}
    texts: list[tuple[str, str]] = []
    if isinstance(rest.get(name), str):
        texts.append((language, reveal(rest.pop(name))))
    return [*texts, ("json", reveal(compact_json(rest)))] if rest else texts


def compact_json(value: Mapping[str, Any]) -> str:
    """JSON on one line when it is short, else indented."""
    line = json.dumps(value, ensure_ascii=False, default=str)
    return line if len(line) <= 88 else json.dumps(value, ensure_ascii=False, indent=2, default=str)


def effect(card: Card) -> str:
    """What exactly will happen, as a sentence's beginning."""
    return sentence(reveal_line(card.effect_text) or f"runs {reveal_line(card.name)}")


def sentence(text: str) -> str:
    """A text that begins like a sentence; names and code at its beginning stay as they are."""
    return text[0].upper() + text[1:] if re.match(r"[a-z]+ ", text) else text


_SECTION = re.compile(r"^\[(stdout|stderr|value|figures|changed)\](?: |$)", re.MULTILINE)


def told(card: Card) -> str:
    """What a person sees of the text a model was told.

    Of code that was run it is what the code printed, and how many figures it drew: its value is among the outputs,
    and what it changed is shown by itself. Of other tools it is all of it.
    """
    if card.name != RUNS_CODE:
        return card.result.strip("\n")
    marks = list(_SECTION.finditer(card.result))
    ends = [*(mark.start() for mark in marks), len(card.result)][1:]
    sections = {mark[1]: card.result[mark.end() : end].strip("\n") for mark, end in zip(marks, ends, strict=False)}
    figures = sections.get("figures", "").strip()
    drawn = f"{count(int(figures), 'figure')}, shown below" if figures.isdigit() else ""
    return "\n".join(filter(None, (sections.get("stdout"), sections.get("stderr"), drawn)))


# ---- runs that last


def tried(one: Try) -> str:
    """What became of an attempt, and when the next one begins."""
    if one.lost:
        return f"Attempt {one.number} was lost: {one.what}. It is done again."
    after = f" The next one begins at {clock(one.until)[-8:]}." if one.until else ""
    return f"Attempt {one.number} failed: {one.what.rstrip('.')}.{after}"


DOUBTS = {"ran": "It ran", "rerun": "Run again", "skip": "Left as it is", "fail": "The run was ended"}


def settled(doubt: Doubt) -> str:
    """How a doubt was settled, by whom and when; empty while it is not."""
    if doubt.by == ENDED:
        return "Not settled: the run ended."
    if not doubt.how:
        return ""
    note = f" {doubt.note}" if doubt.note else ""
    return f"{DOUBTS[doubt.how]}: settled {who(doubt.by)} · {clock(doubt.settled)}{note}"
