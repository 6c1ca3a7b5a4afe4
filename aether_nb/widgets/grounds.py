"""On which calls the numbers of an answer rest: each number is looked for in what the calls brought.

A number counts as found where a result holds it, or holds one that is rounded to it. That is a finding of text, not a
proof: two calls may bring the same number, and the first that did is named. This module draws nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from aether_nb.widgets import wording
from aether_nb.widgets.blocks import Card, View

__all__ = ["grounds"]

NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w])")
FENCED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
CITED = re.compile(r"\[[^\[\]\n]+(?::|, [a-z]+ )\d+(?:-\d+)?\]")
"""Where a passage stands, as answers cite it: ``[guide.md:12-30]``, ``[paper.pdf, page 3]``: no number of theirs."""

LOOKED_AT = 60_000
"""So many characters of a call's results are looked through, at most."""

NAMED = 40
"""So many numbers of an answer are looked for, at most."""

LEAST = 10
"""Whole numbers below are everywhere: they rest on nothing."""


def grounds(view: View) -> list[dict[str, Any]]:
    """The calls in whose results numbers of the answer were found, in order.

    Each as the ``id`` of its block, the ``call``'s number in its run, ``name``, ``purpose`` and the ``numbers``.
    """
    wanted = _wanted(view.answer)
    found: list[dict[str, Any]] = []
    for card in view.cards:
        if not wanted:
            break
        if card.status != "finished" or not (text := _brought(card)):
            continue
        values = {value for match in NUMBER.finditer(text) if (value := _value(match[0])) is not None}
        here = [name for name, value in wanted.items() if _among(value, name, values)]
        if here:
            who = {"id": card.id, "call": card.way.number, "name": card.name}
            found.append(who | {"purpose": wording.purpose(card)[:80], "numbers": here})
        wanted = {name: value for name, value in wanted.items() if name not in here}
    return found


def _wanted(answer: str) -> dict[str, Decimal]:
    """The numbers of an answer by how they are written, commas left out."""
    wanted: dict[str, Decimal] = {}
    for match in NUMBER.finditer(CITED.sub(" ", FENCED.sub(" ", answer))):
        value = _value(match[0])
        if value is None or (value == value.to_integral_value() and abs(value) < LEAST):
            continue
        wanted.setdefault(_plain(match[0]), value)
        if len(wanted) == NAMED:
            break
    return wanted


def _brought(card: Card) -> str:
    plain = [text for one in card.outputs if isinstance(text := one.get("text/plain"), str)]
    return "\n".join([card.result, *plain])[:LOOKED_AT]


def _plain(text: str) -> str:
    return text.rstrip(",").replace(",", "").replace("−", "-")


def _value(text: str) -> Decimal | None:
    try:
        return Decimal(_plain(text))
    except InvalidOperation:
        return None


def _among(value: Decimal, written: str, values: set[Decimal]) -> bool:
    """Whether a number is among those, or one of those is rounded to it; of a percentage, its hundredth counts."""
    if value in values:
        return True
    places = len(written.partition(".")[2])
    if "e" in written.lower() or not places:
        return False
    step = Decimal(1).scaleb(-places)
    near = (one for one in values if abs(one - value) < step or abs(one * 100 - value) < step)
    return any(value in (_rounded(one, step), _rounded(one * 100, step)) for one in near)


def _rounded(value: Decimal, step: Decimal) -> Decimal | None:
    try:
        return value.quantize(step)
    except InvalidOperation:
        return None
