"""A page of figures over many runs, as HTML with inline styles, and as text for a terminal. It counts nothing itself.

Calm and readable without styles: every table has headings, every bar a number beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from aether_nb.events.board import Board, ModelLine, RunLine
from aether_nb.events.kinds import Grant
from aether_nb.widgets import consent, inks, plain, wording
from aether_nb.widgets.inks import QUIET, SMALL, tone

__all__ = ["Sheet", "board_html", "board_text"]

RUNS_SHOWN = 15
BARS = "▁▂▃▄▅▆▇█"
OUTCOMES = {"done": "done", "failed": "failed", "cancelled": "stopped"}
ORDER = ("done", "failed", "cancelled", "parked", "not ended")
NUMBERS = frozenset({"answers", "failures", "median", "tokens", "cost", "time"})
"""Columns whose numbers stand below one another."""
HEADS = {
    "models": ("model", "answers", "failures", "median", "tokens", "cost", "health"),
    "runs": ("run", "started", "outcome", "time", "model", "cost", "question"),
    "grants": ("yes", "tool", "covers", "given", "take it back"),
}
Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Sheet:
    """What is drawn: the figures, where they are from, who can be asked, and which yeses last.

    ``providers`` are rows as ``model_reports.provider_rows`` gives them. ``grants`` are yeses with when they were
    given, in epoch seconds, 0 where nobody knows.
    """

    board: Board
    place: str
    providers: Sequence[Mapping[str, Any]] = ()
    grants: Sequence[tuple[Grant, float]] = field(default_factory=tuple)


# ---- the words, for both


def money(cost: float, unpriced: int = 0) -> str:
    """``$0.25``, and how many answers are not in it."""
    known = "free" if not cost else f"${cost:,.2f}" if cost >= 0.1 else f"${cost:.4f}".rstrip("0")
    if not unpriced:
        return known
    return f"$? ({wording.count(unpriced, 'answer')})" if not cost else f"{known} + $? ({unpriced})"


def health(line: ModelLine) -> str:
    """How a model is: whether its last request was answered, and what it said when it was not."""
    if not line.failed:
        return "ok"
    if line.last_failed >= line.last:
        return f"failing: {plain.brief(line.failure, 60)}"
    return f"ok again; failed {wording.clock(line.last_failed)[:16]}"


def _totals(sheet: Sheet) -> list[tuple[str, str]]:
    """The figures at the top: what, and how much."""
    found, ended = sheet.board, sheet.board.outcomes()
    how = ", ".join(f"{ended[word]} {OUTCOMES.get(word, word)}" for word in ORDER if word in ended)
    answered = sum(line.answered for line in found.models.values())
    failed = sum(line.failed for line in found.models.values())
    unknown = f" ({wording.count(found.unpriced, 'answer')} without a known price)" if found.unpriced else ""
    return [
        ("runs", f"{len(found.runs):,}" + (f" ({how})" if how else "")),
        ("spent", f"{money(found.cost)}{unknown}"),
        ("tokens", f"{found.tokens:,}"),
        ("requests", f"{answered + failed:,}" + (f" ({failed} failed)" if failed else "")),
    ]


def _days(board: Board) -> list[tuple[str, float]]:
    return [(day.isoformat(), sum(spent.values())) for day, spent in board.days.items()]


def _model_rows(board: Board) -> Rows:
    return [
        (
            plain.brief(line.model, 60),
            f"{line.answered:,}",
            f"{line.failed:,}",
            wording.duration(line.seconds) if line.took else "",
            f"{line.tokens:,}",
            money(line.cost, line.unpriced),
            health(line),
        )
        for line in board.models.values()
    ]


def outcome(line: RunLine) -> str:
    """How a run ended or stands, in a word."""
    return OUTCOMES.get(line.outcome, "parked" if line.parked else "not ended")


def _run_rows(board: Board) -> Rows:
    return [
        (
            line.run,
            wording.clock(line.started)[5:16],
            outcome(line),
            wording.duration(line.seconds),
            plain.brief(line.model, 30),
            money(line.cost, line.unpriced) if line.tokens or line.cost or line.unpriced else "",
            plain.brief(line.prompt, 60),
        )
        for line in board.runs[:RUNS_SHOWN]
    ]


def _grant_rows(grants: Iterable[tuple[Grant, float]]) -> Rows:
    return [
        (
            plain.brief(grant.id, 20),
            plain.brief(grant.tool, 30),
            plain.brief(consent.grant(grant)["covers"], 60),
            wording.clock(given)[:16] if given else wording.who(grant.by),
            f"%aether grants --revoke {plain.brief(grant.id, 20)}",
        )
        for grant, given in grants
    ]


def _ready(sheet: Sheet) -> tuple[list[Mapping[str, Any]], int]:
    """The providers that can be asked now, and how many others there are."""
    ready = [row for row in sheet.providers if row["ready"]]
    return ready, len(sheet.providers) - len(ready)


def _span(board: Board) -> str:
    return f"the last {wording.count(len(board.days), 'day')}"


# ---- text


def board_text(sheet: Sheet) -> str:
    """The page as text."""
    found = sheet.board
    lines = [f"aether · {_span(found)} · {sheet.place}", ""]
    lines += [f"  {what:<9} {how}" for what, how in _totals(sheet)]
    days = _days(found)
    most = max((spent for _, spent in days), default=0.0)
    if most:
        bars = "".join(BARS[round(spent / most * (len(BARS) - 1))] if spent else " " for _, spent in days)
        lines += ["", "Spent by day", f"  {days[0][0]} │{bars}│ {days[-1][0]}"]
        lines += [f"  {day}  {money(spent)}" for day, spent in days if spent]
    lines += _section("Models", HEADS["models"], _model_rows(found), "No model was asked.")
    left = len(found.runs) - RUNS_SHOWN
    lines += _section("Runs", HEADS["runs"], _run_rows(found), "No run began.")
    lines += [f"  … {left:,} more: %aether runs"] if left > 0 else []
    ready, others = _ready(sheet)
    lines += ["", "Providers", *(plain.clean(f"  ✓ {row['provider']:<12} {row['why']}") for row in ready)]
    lines += [f"  {wording.count(others, 'other')} not set up: %aether models"] if others else []
    lines += _section("Yeses that last", HEADS["grants"], _grant_rows(sheet.grants), "None.")
    return "\n".join(line.rstrip() for line in lines)


def _section(title: str, heads: Sequence[str], rows: Rows, nothing: str) -> list[str]:
    """A table under its title, each column as wide as it has to be."""
    if not rows:
        return ["", title, f"  {nothing}"]
    widths = [max(len(row[n]) for row in (tuple(heads), *rows)) for n in range(len(heads))]
    sides = [">" if name in NUMBERS else "<" for name in heads]
    table = [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True))
        for row in (tuple(heads), *rows)
    ]
    return ["", title, *(f"  {line}" for line in table)]


# ---- HTML


def board_html(sheet: Sheet) -> str:
    """The page as HTML with inline styles only."""
    found = sheet.board
    place = f'<span style="{QUIET};{SMALL}">{escape(f"{_span(found)} · {sheet.place}")}</span>'
    tiles = "".join(_tile(what, how) for what, how in _totals(sheet))
    models = [
        [_bar(line.cost, found.cost) + escape(row[0]), *map(escape, row[1:6]), _word(row[6], _state(line))]
        for line, row in zip(found.models.values(), _model_rows(found), strict=True)
    ]
    runs = [
        [_name(row[0]), escape(row[1]), _word(row[2], line.outcome or "parked"), *map(escape, row[3:])]
        for line, row in zip(found.runs, _run_rows(found), strict=False)
    ]
    grants = [
        [*map(escape, row[:4]), f'<code style="{inks.NAME}">{escape(row[4])}</code>']
        for row in _grant_rows(sheet.grants)
    ]
    left = len(found.runs) - RUNS_SHOWN
    more = f'<div style="{QUIET};{SMALL}">… {left:,} more: %aether runs</div>' if left > 0 else ""
    pieces = [
        f'<div><b role="heading" aria-level="4">Dashboard</b>&nbsp; {place}</div>',
        f'<div style="margin:8px 0 4px 0">{tiles}</div>',
        _by_day(found),
        _table("Models", HEADS["models"], models, "No model was asked."),
        _table("Runs", HEADS["runs"], runs, "No run began.") + more,
        _providers(sheet),
        _table("Yeses that last", HEADS["grants"], grants, "None."),
    ]
    style = inks.FRAME.replace("max-width:920px", "max-width:1100px")
    return f'<div role="group" aria-label="aether dashboard" style="{style}">{chr(10).join(filter(None, pieces))}</div>'


def _heading(title: str) -> str:
    return f'<div style="margin:12px 0 4px 0"><b role="heading" aria-level="5">{escape(title)}</b></div>'


def _tile(what: str, how: str) -> str:
    figure, bracket, rest = how.partition(" (")
    more = f'&nbsp; <span style="{QUIET};{SMALL}">{escape(rest.removesuffix(")"))}</span>' if bracket else ""
    return (
        '<div style="display:inline-block;vertical-align:top;margin:0 32px 4px 0">'
        f'<div style="{QUIET};{SMALL}">{escape(what)}</div>'
        f'<div><b style="font-size:18px;line-height:26px;font-weight:600">{escape(figure)}</b>{more}</div></div>'
    )


def _by_day(board: Board) -> str:
    """Bars, a day each, with the most expensive day in words."""
    days = _days(board)
    most, best = max(((spent, day) for day, spent in days), default=(0.0, ""))
    if not most:
        return ""
    bars = "".join(
        f'<span title="{day}: {money(spent)}" style="display:inline-block;width:14px;margin-right:3px;'
        f"height:{max(2, round(spent / most * 48)) if spent else 2}px;border-radius:2px 2px 0 0;"
        f'background-color:{inks.BLUE if spent else "rgba(128,128,128,0.35)"}"></span>'
        for day, spent in days
    )
    told = "; ".join(f"{day} {money(spent)}" for day, spent in days if spent)
    said = f'<span style="{QUIET};{SMALL}">{days[0][0]} to {days[-1][0]} · most on {best}: {money(most)}</span>'
    return (
        f'{_heading("Spent by day")}<div role="img" aria-label="{escape(told)}" style="height:50px;line-height:0;'
        f'display:flex;align-items:flex-end">{bars}</div><div>{said}</div>'
    )


CELL = "padding:3px 14px 3px 0;vertical-align:top;border:none;max-width:none"
LINE = "border:none;border-top:1px solid rgba(128,128,128,0.2);background-color:transparent"


def _table(title: str, heads: Sequence[str], rows: list[list[str]], nothing: str) -> str:
    """A table under its title; only its last column is broken into lines."""
    if not rows:
        return f'{_heading(title)}<div style="{QUIET}">{nothing}</div>'
    sides = [f"{CELL};text-align:{'right' if name in NUMBERS else 'left'};white-space:nowrap" for name in heads]
    sides[-1] = sides[-1].replace("nowrap", "normal")
    named = (f'<span style="{QUIET};{SMALL};font-weight:400">{escape(name)}</span>' for name in heads)
    head = "".join(f'<th scope="col" style="{side}">{name}</th>' for side, name in zip(sides, named, strict=True))
    cells = [[f'<td style="{side}">{one}</td>' for side, one in zip(sides, row, strict=True)] for row in rows]
    body = "".join(f'<tr style="{LINE}">{"".join(row)}</tr>' for row in cells)
    style = "border-collapse:collapse;border:none;margin:0;font-size:13px"
    return (
        f'{_heading(title)}<table aria-label="{escape(title)}" style="{style}"><thead style="border:none">'
        f'<tr style="border:none;background-color:transparent">{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _name(name: str) -> str:
    return f'<span style="{inks.NAME}">{escape(name)}</span>'


def _bar(part: float, whole: float) -> str:
    """A bar in front of a name, as long as its part of the money."""
    width = round(part / whole * 60) if whole else 0
    style = f"display:inline-block;height:8px;width:{width}px;background-color:{inks.BLUE};border-radius:2px"
    return f'<span aria-hidden="true" style="{style};margin-right:{6 if width else 0}px"></span>'


def _state(line: ModelLine) -> str:
    return "failed" if line.failed and line.last_failed >= line.last else "done"


def _word(word: str, state: str) -> str:
    return f'<span style="{tone(state)}">{escape(word)}</span>'


def _providers(sheet: Sheet) -> str:
    ready, others = _ready(sheet)
    items = "".join(
        f'<li style="margin:0"><span aria-hidden="true" style="{inks.mark("done")}">✓</span> '
        f"{escape(plain.brief(str(row['provider']), 40))}&nbsp; "
        f'<span style="{QUIET}">{escape(plain.brief(str(row["why"])))}</span></li>'
        for row in ready
    )
    listed = f'<ul style="list-style:none;margin:0;padding:0">{items}</ul>' if items else ""
    said = f"{wording.count(others, 'other')} not set up: %aether models" if others else ""
    return f'{_heading("Providers")}{listed}<div style="{QUIET};{SMALL}">{said}</div>'
