"""Partners: how many rows of one frame have a row in another, and how many have none.

``how many customers have no orders``, ``which orders have a customer that is not in customers``. For this no join is
made: the keys of one frame are looked up in the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aether_nb.models.analyst.code import Rows
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.joining import shared
from aether_nb.models.analyst.namespace import Frame, Namespace
from aether_nb.models.analyst.phrasing import figure, markdown_table, plain
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import facts
from aether_nb.models.analyst.script import Plan, Script
from aether_nb.models.analyst.words import canon, tokenise

__all__ = ["Partners", "asked_partners", "partner_steps"]

_NEGATIONS = frozenset("no not never without lack lacking none".split())
_COUNTING = frozenset("how many number count".split())
_LISTING = frozenset("which list show what who".split())
_LINKING = frozenset(
    "of the are is there have has had with a an any in that who whose do does did placed place made make matching "
    "match row rows record exist exists existing appear appears found listed single at all present known their its "
    "for from me please give us and or which corresponding belong belongs to entry entries table frame".split()
)
_SOME = re.compile(r"(?:that |who |which )?(?:have|has|with|placed|made) (?:at least one |an? |any )?")


@dataclass(frozen=True, slots=True)
class Partners:
    """Rows of ``frame`` without a partner in ``other``, or with ``some`` those with one, to be counted or listed."""

    frame: Frame
    other: Frame
    some: bool
    listing: bool


def asked_partners(prompt: str, names: Namespace) -> Partners | None:
    """What a prompt wants to know of partners; None when it asks for something else."""
    words = [token.text.casefold() for token in tokenise(prompt) if token.kind in ("word", "quoted")]
    frames = {word: frame for word in words for frame in names.frames if _called(word, frame)}
    places = [at for at, word in enumerate(words) if word in frames]
    if len({frame.name for frame in frames.values()}) != 2:
        return None
    frame, other = frames[words[places[0]]], frames[words[places[-1]]]
    keys = {piece for column in frame.columns for piece in (column.name.casefold(), *column.name.casefold().split("_"))}
    rest = [word for word in words if word not in frames]
    counting, listing = _COUNTING & set(rest), _LISTING & set(rest)
    if frame is other or not (counting or listing):
        return None
    between = words[places[0] + 1 : places[-1]]
    negated = [word for word in rest if word in _NEGATIONS]
    if not negated:
        some = _SOME.fullmatch(" ".join(between) + " ") is not None and places[-1] == len(words) - 1
        return Partners(frame, other, some=True, listing=not counting) if some and len(places) == 2 else None
    understood = _NEGATIONS | _COUNTING | _LISTING | _LINKING | keys
    if len(negated) != 1 or negated[0] not in between or not set(rest) <= understood:
        return None
    return Partners(frame, other, some=False, listing=not counting)


def _called(word: str, frame: Frame) -> bool:
    """Whether a word is a frame's name, in singular or plural."""
    return len(frame.name) > 1 and (word == frame.name.casefold() or canon(word) == canon(frame.name))


def partner_steps(asked: Partners, desk: Desk) -> Script:
    """Look the keys up, and say how many are there or are not.

    Raises:
        Unclear: The frames share no key.
        NotDone: The call was denied or failed.
    """
    ((here, there),) = shared(asked.frame, asked.other)
    frame, other = asked.frame.name, asked.other.name
    title = f"Look up {here.name} of {frame} in {other}"
    yield Plan(((title, "run_python"),))
    known = f"{frame}[{here.name!r}].isin({other}[{there.name!r}].dropna())"
    met = known if asked.some else f"~{known}"

    def write(rows: Rows) -> str:
        shown = f'pd.Series({{"met": ({met}).sum(), "rows": len({frame})}})'
        prints = [f'print("without a key:", {frame}[{here.name!r}].isna().sum())']
        if asked.listing:
            prints += [f'print("met:", ({met}).sum())', f'print("rows:", len({frame}))']
            shown = f"{frame}[{met}]"
        return rows.code("# are the keys of one frame in the other?", *prints, *desk.keep(rows.question, shown))

    outcome = yield from desk.run(Question(asked.frame), write, title)
    told = facts(outcome.text)
    counts = told if asked.listing else desk.table(outcome).pairs()
    met_rows, every, empty = counts.get("met", ""), counts.get("rows", ""), told.get("without a key", "0")
    match = f"{'a' if asked.some else 'no'} match in `{other}` by {plain(here.name)}"
    head = f"**{figure(met_rows)}** of {figure(every)} rows of `{frame}` have {match}"
    if empty != "0" and not asked.some:
        head += f"; {figure(empty)} of these have no {plain(here.name)} at all"
    if asked.listing and met_rows != "0":
        return f"{head}:\n\n{markdown_table(desk.table(outcome), 1)}"
    return f"{head}."
