"""What a person has to see before a yes to a call: all of it, as text for a terminal.

Nothing is cut here, and what cannot be seen is written out: a yes is bound to the exact arguments, so it is asked for
in sight of them. Who asks, and how the answer is read, is somebody else's business.
"""

from __future__ import annotations

from aether_nb.events.kinds import CallProposed
from aether_nb.widgets import consent, plain, wording
from aether_nb.widgets.blocks import Card

__all__ = ["gate_lines", "gate_text"]


def gate_text(proposed: CallProposed) -> str:
    """A call as it is put before a person: tool, purpose, all arguments, risk, what will happen, where, and why.

    The arguments come first and the risk last, next to the question. Everything but the head is indented, and every
    line of the arguments stands behind a rule, so that no argument can pass for what is said about the call.

    Returns:
        Lines without a line end after the last one, safe to write to a terminal, of any length.
    """
    return "\n".join(gate_lines(Card.of(proposed)))


def gate_lines(card: Card) -> list[str]:
    """The lines of ``gate_text``."""
    head = " · ".join(filter(None, (f"▸ {card.name}", card.purpose or wording.purpose(card))))
    diff = [f"| {line}" for line in consent.difference(card)]  # what stands in it is the call's own, like arguments
    facts = ["" if diff else wording.effect(card), card.path, *map(wording.sentence, card.reasons)]
    said = [plain.risk(card), *diff, *(wording.reveal_line(fact) for fact in facts if fact)]
    return [wording.reveal_line(head), *(f"  {line}" for line in [*plain.whole(card), *said])]
