"""The picture of a run that a notebook keeps: HTML, Markdown and text, from the same view as the live panel.

Nothing in it runs and nothing is loaded. The HTML has inline styles only, because an untrusted notebook keeps no
others, in colours that are legible on light and dark grounds. Every text is escaped, and the size is bounded whatever a
run printed: later calls are told in a line when the earlier ones have used up the room.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape

from aether_nb.widgets import highlight, plain, wording
from aether_nb.widgets.blocks import Block, Card, Failure, Note, Question, Thinking, View, Words
from aether_nb.widgets.broken import halted
from aether_nb.widgets.markdown import to_html

HTML_ROOM, MARKDOWN_ROOM, PLAIN_ROOM = 60_000, 20_000, 20_000
BRIEF_ROOM = 8_000
"""When less than this is left, calls are told in a line."""
PROMPT_KEPT, ANSWER_KEPT, ANSWER_HTML = 2_000, 8_000, 24_000

OK, WARN, BAD = "color:#1f883d", "color:#a86400", "color:#cf3a3a"
"""Legible on white and on black alike."""
QUIET = "opacity:0.68"
TONES = {"finished": OK, "failed": BAD, "broken": BAD, "denied": WARN, "doubtful": WARN, "done": OK}


def _themed(plain_color: str, variable: str) -> str:
    """A colour for everywhere, then the theme's own, which is dropped where a notebook is not trusted."""
    return f"color:{plain_color};color:var(--jp-mirror-editor-{variable}-color,{plain_color})"


CODE = {
    "k": _themed("#1f883d", "keyword") + ";font-weight:600",
    "s": _themed("#cf3a3a", "string"),
    "m": _themed("#1a8080", "number"),
    "c": QUIET + ";font-style:italic",
    "f": _themed("#1f75cb", "def"),
    "b": _themed("#1f75cb", "builtin"),
    "o": _themed("#9a5bd0", "operator"),
}

FRAME = (
    "border:1px solid rgba(128,128,128,0.35);border-radius:8px;padding:8px 12px;margin:2px 0 6px 0;max-width:920px;"
    "font-size:13px;line-height:20px"
)
PRE = (
    "margin:4px 0 4px 0;padding:6px 10px;font-size:12px;line-height:18px;white-space:pre-wrap;overflow-wrap:break-word;"
    "border-radius:6px"
)
WELL = PRE + ";background-color:rgba(128,128,128,0.1)"
PRINTED = PRE + ";padding:0 10px;background-color:transparent"


def bundle(view: View, with_answer: bool = False, broken_off: str = "") -> dict[str, str]:
    """The static picture as a MIME bundle.

    It is a picture of something that is over: a run that has not ended is told as one that broke off, unless it is
    parked. Then it says what the run waits for, and how to go on.

    Args:
        view: The run.
        with_answer: Whether the answer is part of it. Not in a notebook, where it stands below as an output of its
            own; yes where nothing else shows it.
        broken_off: Why the run went no further, if it did not end and somebody knows.

    Returns:
        ``text/html``, ``text/markdown`` and ``text/plain``; together under 200 kB. Of a run that never began it is an
        empty ``text/plain`` alone.
    """
    if view.empty:
        return {"text/plain": ""}
    if view.outcome is None and (view.parked is None or broken_off):
        view = halted(view, broken_off)
    return {
        "text/html": html(view, with_answer),
        "text/markdown": markdown(view, with_answer),
        "text/plain": text(view, with_answer),
    }


def text(view: View, with_answer: bool = False) -> str:
    """The run as plain text of about 96 columns."""
    groups = [[plain.header(view), *plain.indent(plain.wrap(view.prompt[:PROMPT_KEPT]))], plain.plan(view)]
    groups += [
        [piece]
        for piece in _within(
            PLAIN_ROOM,
            view.blocks.values(),
            lambda one: "\n".join(plain.block(one)),
            lambda card: plain.card_head(card),
        )
    ]
    if view.failure:
        groups.append(plain.failure(view.failure, "✗ "))
    if waits := wording.waits(view):
        groups.append(plain.failure(waits, "‖ "))
    if with_answer and view.answer:
        groups.append(plain.wrap(view.answer[:ANSWER_KEPT]))
    return "\n\n".join("\n".join(group) for group in groups if any(group)) + "\n"


def _within(
    room: int, blocks: Iterable[Block], whole: Callable[[Block], str], brief: Callable[[Card], str]
) -> list[str]:
    """Blocks as texts that fit the room: whole while they do, then the calls in a line each, then their number."""
    pieces: list[str] = []
    left_out = 0
    for one in blocks:
        piece = whole(one) if room > BRIEF_ROOM else ""
        if room <= BRIEF_ROOM or len(piece) > room * 3 // 4:
            piece = brief(one) if isinstance(one, Card) else ""
            left_out += not isinstance(one, Card)
        if len(piece) > room:
            left_out += 1
        elif piece:
            pieces.append(piece)
            room -= len(piece)
    if left_out:
        pieces.append(f"… {left_out:,} more; the whole run is in its log")
    return pieces


# ---- HTML


def html(view: View, with_answer: bool = False) -> str:
    """The run as HTML with inline styles only."""
    pieces = [_html_header(view), _html_plan(view)]
    pieces += _within(HTML_ROOM, view.blocks.values(), _html_block, _html_summary)
    if view.failure:
        pieces.append(_html_failure(view.failure))
    if waits := wording.waits(view):
        pieces.append(_html_failure(waits, WARN))
    if with_answer and view.answer:
        pieces.append(f'<div style="margin-top:8px">{_prose(view.answer)}</div>')
    return f'<div style="{FRAME}">{"".join(pieces)}</div>'


def _span(text: str, *styles: str) -> str:
    return f'<span style="{";".join(styles)}">{escape(text)}</span>'


def _line(*parts: str, style: str = "") -> str:
    return f'<div style="{style}">{"".join(parts)}</div>' if style else f"<div>{''.join(parts)}</div>"


def _html_header(view: View) -> str:
    tones = {"done": (OK, "✓ "), "failed": (BAD, "✗ "), "cancelled": (WARN, "– "), "parked": (WARN, "‖ ")}
    tone, mark = tones.get("parked" if view.parked else view.outcome or "", (BAD, "✗ "))
    figures = " · ".join(plain.figures(view))
    whole = f' title="aether run {escape(view.run)} chain {escape(view.chain)}"' if view.chain else ""
    shown = f'<span{whole} style="{QUIET};font-size:12px">{escape(figures)}</span>'
    return _line(_span(mark + wording.state(view), tone, "font-weight:600"), "&nbsp; ", shown)


def _html_plan(view: View) -> str:
    if not view.plan:
        return ""
    revised = f"revised: {plain.brief(view.revision)}" if view.revision else "revised"
    head = "<b>Plan</b>" + (f"&nbsp; {_span(revised, QUIET, 'font-size:12px')}" if view.revised else "")
    items = []
    for item in view.plan[: plain.ITEMS_KEPT]:
        tool = (
            f"&nbsp; {_span(plain.brief(item.tool, 40), QUIET, 'font-family:monospace;font-size:11px')}"
            if item.tool
            else ""
        )
        left_out = f"&nbsp; {_span('left out', QUIET)}" if item.status == "skipped" else ""
        mark = _span(plain.MARKS[item.status], TONES.get(item.status, QUIET), "display:inline-block;width:20px")
        items.append(_line(mark, escape(plain.brief(item.title, 120)), tool, left_out))
    return _line(head, *items, style="margin:6px 0 8px 0")


def _html_block(one: Block) -> str:
    match one:
        case Thinking():
            return _html_thinking(one)
        case Words():
            return _line(_prose(one.text), style="margin:4px 0 4px 20px")
        case Question():
            reply = _span(plain.brief(wording.reply(one)) or "open", QUIET)
            return _line(
                _span("?", WARN, MARK),
                f"<b>{escape(plain.brief(one.text, 2000))}</b>",
                "&nbsp; ",
                reply,
                style="margin:4px 0 4px 0",
            )
        case Note(tone="said"):
            said = f"&nbsp; {_span(plain.brief(f'said {one.failure.why}'), QUIET, 'font-size:12px')}"
            words = escape(plain.brief(one.failure.what, 2000))
            return _line(_span("»", QUIET, MARK), words, said, style="margin:4px 0 4px 0")
        case Note(tone="info"):
            return _line(_span(plain.brief(one.failure.what, 1000), QUIET), style="margin:4px 0 4px 20px")
        case Note():
            return _html_failure(one.failure, WARN if one.tone == "limit" else BAD)
        case Card():
            return _details(_summary_line(one), _html_body(one), one.asked) + _html_flags(one, warn=True)


def _prose(text: str) -> str:
    """Markdown as HTML; as the beginning of its text when that HTML would be out of all proportion."""
    html = to_html(wording.clean(text[:ANSWER_KEPT]))
    return html if len(html) <= ANSWER_HTML else _pre(plain.cut(text), PRINTED)


def _html_thinking(one: Thinking) -> str:
    """A short thought in a quiet line of its own; a long one folded behind its beginning."""
    mark, beginning = _span("…", QUIET, MARK), plain.brief(one.text, 84)
    short = plain.brief(one.text, wording.THOUGHT_KEPT)
    if " ".join(plain.clean(one.text).split()) == short:
        return _line(mark, _span(short, QUIET), style="margin:2px 0 2px 13px")
    whole = _line(_span("\n".join(plain.cut(one.text)), QUIET), style="white-space:pre-wrap")
    return _details(mark + _span(beginning, QUIET), whole)


MARK = "display:inline-block;width:20px;font-weight:600"
NAME = "font-family:monospace;font-size:12px;font-weight:600"


def _details(summary: str, body: str, open: bool = False) -> str:
    folded = "<details open" if open else "<details"
    return (
        f'{folded} style="margin:2px 0 2px 0"><summary style="cursor:pointer">{summary}</summary>'
        f'<div style="margin:2px 0 8px 20px">{body}</div></details>'
    )


def _html_summary(card: Card) -> str:
    return _line(_summary_line(card))


def _summary_line(card: Card) -> str:
    """Status, tool, purpose, duration, what changed, and who approved: a call that is folded is still told."""
    tone = TONES.get(card.status, QUIET)
    parts = [_span(plain.MARKS[card.status], tone, MARK)]
    parts.append(f'<span style="{NAME}">{escape(plain.brief(card.name, 80))}</span>&nbsp; ')
    parts.append(escape(wording.purpose(card)))
    after = [] if card.status == "finished" else [_span(wording.status(card), tone)]
    after += [_span(wording.duration(card.seconds), QUIET)] if card.seconds is not None else []
    after += [_span(name, QUIET, "font-family:monospace") for name in plain.changed_names(card)]
    if card.gate and card.gate.decision:
        after.append(_span(plain.answered(card.gate).partition(" · ")[0], QUIET))
    return "".join(parts) + "".join(f"&nbsp; {part}" for part in after)


def _html_body(card: Card) -> str:
    texts = wording.whole(card) if card.asked else [wording.source(card)]
    shown = [(text if card.asked else chr(10).join(plain.cut(text)), language) for language, text in texts if text]
    pieces = [f'<pre style="{WELL}">{_code(text, language)}</pre>' for text, language in shown]
    if card.edited:
        pieces.append(_line(_span("Edited by you before it was approved.", QUIET)))
    if card.gate:
        tone = {"low": OK, "medium": WARN}.get(card.risk, BAD)
        pieces.append(
            _line(
                _span(f"{card.risk.capitalize()} risk", tone, "font-weight:600"),
                " ",
                escape(plain.brief(wording.effect(card))),
            )
        )
        pieces += [_line(_span(line, QUIET)) for line in _gate_lines(card)]
    pieces += [_line(_span(plain.brief(wording.tried(one)), QUIET)) for one in card.tries]
    if card.doubt and card.doubt.open:
        what = f"{card.doubt.what}. Nobody knows whether it acted."
        pieces.append(_html_failure(Failure(wording.sentence(what), " / ".join(card.doubt.options)), WARN))
    elif card.doubt:
        pieces.append(_line(_span(plain.brief(wording.settled(card.doubt)), QUIET)))
    if result := plain.result(card):
        pieces.append(_pre(result, PRINTED))
    if changes := plain.changes(card):
        pieces.append(_pre(changes, PRINTED))
    pieces.append(_html_flags(card, warn=False))
    if card.failure:
        pieces.append(_html_failure(card.failure))
    return "".join(pieces)


def _html_flags(card: Card, *, warn: bool) -> str:
    """The warnings, which stand below the card however it is folded; or the notes, which stand in it."""
    lines = [line for line in plain.flags(card) if line.startswith("!") is warn]
    return "".join(_line(_span(line, WARN if warn else QUIET), style="margin-left:20px" * warn) for line in lines)


def _gate_lines(card: Card) -> list[str]:
    """The path, the reasons and the answer of a gate."""
    approval = wording.approval(card.gate) if card.gate else ""
    return [plain.brief(line) for line in (card.path, *map(wording.sentence, card.reasons[:10]), approval) if line]


def _html_failure(failure: Failure, tone: str = BAD) -> str:
    why = _pre(plain.cut(failure.why, 20), PRINTED + ";padding:0") if failure.why else ""
    hint = _line("<b>Next</b>&nbsp; ", escape(plain.brief(failure.hint, 1000))) if failure.hint else ""
    style = f"border-left:3px solid {tone.removeprefix('color:')};padding:4px 10px;margin:4px 0 4px 0"
    return _line(_line(escape(plain.brief(failure.what, 1000)), style="font-weight:600"), why, hint, style=style)


def _pre(lines: list[str], style: str) -> str:
    return f'<pre style="{style}">{escape(chr(10).join(lines))}</pre>'


def _code(source: str, language: str) -> str:
    return "".join(
        _span(text, CODE[kind]) if kind else escape(text) for kind, text in highlight.pieces(source, language)
    )


# ---- Markdown


def markdown(view: View, with_answer: bool = False) -> str:
    """The run as Markdown, for converters and viewers that prefer it."""
    figures = " · ".join(plain.figures(view))
    pieces = [f"**{_mark(wording.state(view))}** · {_mark(figures)}"]
    if view.plan:
        boxes = {"done": "x"}
        pieces.append(
            "\n".join(
                f"- [{boxes.get(i.status, ' ')}] {_mark(plain.brief(i.title, 120))} {_ticked(i.tool)}".rstrip()
                for i in view.plan
            )
        )
    pieces += _within(MARKDOWN_ROOM, view.blocks.values(), _markdown_block, _markdown_head)
    if view.failure:
        pieces.append(_markdown_failure(view.failure))
    if waits := wording.waits(view):
        pieces.append(_markdown_failure(waits))
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


def _markdown_head(card: Card) -> str:
    after = [] if card.status == "finished" else [wording.status(card)]
    after += [wording.duration(card.seconds)] if card.seconds is not None else []
    after += plain.changed_names(card)
    said = " · ".join(_mark(part) for part in [wording.purpose(card), *after] if part)
    return f"{plain.MARKS[card.status]} **{_ticked(plain.brief(card.name, 80))}** {said}"


def _markdown_block(one: Block) -> str:
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
            return _markdown_failure(one.failure)
        case Card():
            return _markdown_card(one)


def _markdown_card(card: Card) -> str:
    language, source = wording.source(card)
    pieces = [_markdown_head(card)]
    if source:
        pieces.append(_fence("\n".join(plain.cut(source)), language))
    if card.gate:
        pieces.append(
            f"{card.risk.capitalize()} risk: {_mark(wording.effect(card))}. {_mark(wording.approval(card.gate))}"
        )
    pieces += [_mark(line) for line in (*map(wording.tried, card.tries), *plain.doubt(card))]
    if shown := plain.result(card):
        pieces.append(_fence("\n".join(shown)))
    pieces += ["\n".join(f"- {_mark(line)}" for line in (*plain.changes(card), *plain.flags(card)))]
    if card.failure:
        pieces.append(_markdown_failure(card.failure))
    return "\n\n".join(piece for piece in pieces if piece)


def _markdown_failure(failure: Failure) -> str:
    why = _fence("\n".join(plain.cut(failure.why, 20))) if failure.why else ""
    hint = f"Next: {_mark(failure.hint)}" if failure.hint else ""
    return "\n\n".join(filter(None, (f"**{_mark(failure.what)}**", why, hint)))
