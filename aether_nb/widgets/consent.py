"""How yeses that last are said, and what an edit of a file changes: what a person sees who gives one, or revokes it."""

from __future__ import annotations

from aether_nb.events.kinds import Grant
from aether_nb.widgets import wording
from aether_nb.widgets.blocks import Card

__all__ = ["difference", "grant"]


def grant(one: Grant) -> dict[str, str]:
    """A yes that lasts: its id, the tool, what it covers, for how long, and up to which risk."""
    kind, _, what = one.rule.partition(":")
    covers = {
        "call": "this exact call",
        "folder": f"what it does in {what}",
        "variables": f"what changes only {what.replace(',', ', ')}",
    }.get(kind, "every call of it")
    lasts = f"until {wording.clock(one.until)[11:16]}" if one.until else wording.LASTS[one.lasts]
    return {
        "id": one.id,
        "tool": wording.clean(one.tool),
        "covers": wording.reveal_line(covers),
        "lasts": lasts,
        "risk": one.risk,
    }


def difference(card: Card) -> list[str]:
    """The lines of the difference that an edit of a file makes, when that is what it will do."""
    lines = card.effect_text.splitlines()
    is_one = len(lines) > 3 and lines[0].startswith("--- ") and lines[1].startswith("+++ ")
    return [wording.reveal_line(line) for line in lines] if is_one else []
