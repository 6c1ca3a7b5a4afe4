"""How much of a run fits into a picture that a notebook keeps, and what is said of the rest.

Whatever a run printed or did, its picture has a size. Later calls are told in a line when the earlier ones have used up
the room, and in the end only counted. The record has everything, and the picture says how to see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aether_nb.widgets import plain, wording
from aether_nb.widgets.blocks import Block, Card, View
from aether_nb.widgets.grounds import grounds
from aether_nb.widgets.veil import Veil

__all__ = ["RESTS", "Fitted", "fitted", "missing", "rests"]

BRIEF_ROOM = 8_000
"""When less than this is left, calls are told in a line."""

NAMED = 5
"""So many calls that were cut are named by their numbers."""


NUMBERS = 8
"""So many numbers that were found in a call are named."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The blocks of a run as pieces of a text, and how many of them found no room."""

    pieces: list[str]
    left_out: int


def fitted(
    room: int, blocks: Iterable[Block], veil: Veil, whole: Callable[[Block], str], brief: Callable[[Card], str]
) -> Fitted:
    """Blocks as texts that fit: whole while there is room, then the calls in a line each, then nothing.

    Args:
        room: How many characters there are.
        blocks: What is to be told, in order.
        veil: Makes of a block what may be kept.
        whole: A block as a text; empty for one that is not told.
        brief: A call in a line.
    """
    pieces: list[str] = []
    left_out, full = 0, False
    for one in blocks:
        shown = one if full else veil(one)
        piece = whole(shown) if room > BRIEF_ROOM else ""
        if room <= BRIEF_ROOM or len(piece) > room * 3 // 4:
            piece = brief(shown) if isinstance(shown, Card) and not full else ""
            left_out += full or not isinstance(shown, Card)
        if len(piece) > room:
            left_out, full = left_out + 1, True
        elif piece:
            pieces.append(piece)
            room -= len(piece)
    return Fitted(pieces, left_out)


RESTS = "Numbers of the answer, found in"
"""What stands above those calls."""


def rests(view: View) -> list[tuple[str, str]]:
    """The calls in whose results numbers of the answer were found: which call, and which numbers."""
    found = []
    for ground in grounds(view) if view.answer else []:
        card, numbers = view.blocks[ground["id"]], ground["numbers"]
        more = "" if len(numbers) <= NUMBERS else f" and {len(numbers) - NUMBERS} more"
        assert isinstance(card, Card)
        found.append((f"{card.way.number} {plain.brief(card.name, 80)}", f"{', '.join(numbers[:NUMBERS])}{more}"))
    return found


def missing(view: View, left_out: int) -> list[str]:
    """What the picture does not hold, and what to type to see it, a sentence each; none when it holds everything."""
    said = []
    if left_out:
        said.append(f"… {wording.count(left_out, 'more block')} of this run: %aether trace {view.run}")
    if cut := [card.way.number for card in view.cards if plain.shortened(card)]:
        calls = ", ".join(map(str, cut[:NAMED])) + (f" and {len(cut) - NAMED} more" if len(cut) > NAMED else "")
        which = "call" if len(cut) == 1 else "calls"
        said.append(f"Cut in this picture: {which} {calls}. Whole: %aether show {view.run} --call {cut[0]}")
    return said
