"""The picture of a run that a notebook keeps: HTML, Markdown and text, from the same view as the live panel.

Nothing in it runs and nothing is loaded; its size is bounded whatever a run printed. How each face is written stands
in ``page``, ``marked`` and ``plain``.
"""

from __future__ import annotations

from collections.abc import Collection

from aether_nb.events.values import BELOW
from aether_nb.widgets import lasting, marked, page, plain, room, wording
from aether_nb.widgets.blocks import Card, View
from aether_nb.widgets.broken import halted
from aether_nb.widgets.veil import Veil, veil, veiled_text, veiled_view

__all__ = ["bundle", "call_text", "pictures", "text"]

PLAIN_ROOM = 20_000
PROMPT_KEPT, ANSWER_KEPT = 2_000, 8_000


def bundle(
    view: View, with_answer: bool = False, broken_off: str = "", keys: Collection[str] = (), *, going: bool = False
) -> dict[str, str]:
    """The static picture as a MIME bundle. No key stands in it: a saved notebook is read by others.

    It is a picture of something that is over: a run that has not ended is told as one that broke off, unless it is
    parked. Then it says what the run waits for, and how to go on.

    Args:
        view: The run.
        with_answer: Whether the answer is part of it. Not in a notebook, where it stands below as an output of its
            own; yes where nothing else shows it.
        broken_off: Why the run went no further, if it did not end and somebody knows.
        keys: Keys that are known; what looks like one is made unreadable beside them.
        going: Whether the run goes on, and this is how it stands now.

    Returns:
        ``text/html``, ``text/markdown`` and ``text/plain``; together under 200 kB. Of a run that never began it is an
        empty ``text/plain`` alone.
    """
    if view.empty:
        return {"text/plain": ""}
    if view.outcome is None and not going and (view.parked is None or broken_off):
        view = halted(view, broken_off)
    view, hidden = veiled_view(view, keys), veil(keys)
    return {
        "text/html": page.html(view, hidden, with_answer),
        "text/markdown": marked.markdown(view, hidden, with_answer),
        "text/plain": text(view, hidden, with_answer),
    }


def pictures(view: View, only_new: bool = False) -> list[dict[str, str]]:
    """The figures that its calls showed, each as a MIME bundle of its own, in order.

    Args:
        view: The run.
        only_new: Leave out those that were shown as outputs of their own while the run went.
    """
    shown = [one for card in view.cards for one in card.outputs if plain.pictured(one)]
    new = [one for one in shown if not (only_new and BELOW in one)]
    return [{mime: data for mime, data in one.items() if isinstance(data, str) and mime != BELOW} for one in new]


def call_text(card: Card, keys: Collection[str] = ()) -> str:
    """One call as text, with nothing cut: arguments, approval, what it said and showed, what it changed."""
    said = wording.told(card)
    shown = [said, *map(plain.output, card.outputs)] if said else [*map(plain.output, card.outputs)]
    lines = [*plain.whole(card), *filter(None, [plain.answered(card.gate) if card.gate else ""])]
    lines += [line.rstrip() for one in shown if one for line in wording.clean(one).split("\n")]
    lines += [wording.clean(wording.change(change)) for change in card.changes]
    lines += [wording.clean(flag) for flag in wording.flags(card.changes)]
    if card.failure:
        lines += filter(None, [*map(wording.clean, (card.failure.what, *card.failure.why.split("\n")))])
    return veiled_text("\n".join([plain.card_head(card), *plain.indent(lines)]), keys)


def text(view: View, veil: Veil, with_answer: bool = False) -> str:
    """The run as plain text of about 96 columns."""
    blocks = view.blocks.values()
    told = room.fitted(PLAIN_ROOM, blocks, veil, lambda one: "\n".join(plain.block(one)), plain.card_head)
    groups = [[plain.header(view), *plain.indent(plain.wrap(view.prompt[:PROMPT_KEPT]))], plain.plan(view)]
    groups += [[piece] for piece in told.pieces]
    if found := room.rests(view):
        groups.append([room.RESTS, *(f"  call {call}: {numbers}" for call, numbers in found)])
    if view.failure:
        groups.append(plain.failure(view.failure, "✗ "))
    if waits := lasting.waits(view):
        groups.append(plain.failure(waits, "‖ "))
    groups.append(room.missing(view, told.left_out))
    if with_answer and view.answer:
        groups.append(plain.wrap(view.answer[:ANSWER_KEPT]))
    return "\n\n".join("\n".join(group) for group in groups if any(group)) + "\n"
