"""A run as it may be kept in a file that is given away: with the keys in its texts made unreadable.

The record of a run holds what happened; a saved notebook is read by others. This module makes new values and leaves the
given ones alone. It knows neither what a text means nor how it is drawn, but that of a long one only so much is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache, partial
from typing import Any, TypeAlias, TypeVar, cast

from aether_nb.events.masking import mask_text
from aether_nb.widgets.blocks import Block, Card, View

__all__ = ["Veil", "live_block", "veil", "veiled_text", "veiled_view"]

Veil: TypeAlias = Callable[[Block], Block]
"""A block as it may be kept."""

LONGEST, SHORTEST, LINES = 32_000, 2_000, 64
"""No picture draws more of a text of a call than so many lines, and never more than the longest of these. Looking at so
many characters at least costs nothing, and is more than what is drawn of a text on one line."""

ITEMS = 1_000
"""Nor does it draw more than the first so many of a list."""

T = TypeVar("T")


def veiled_text(text: str, keys: Collection[str]) -> str:
    """A text without keys: those that are known, and what looks like one."""
    return mask_text(text, keys)[0]


def veil(keys: Collection[str]) -> Veil:
    """Who makes the keys in a block unreadable. Each block is looked at once, and only when it is drawn.

    Args:
        keys: Keys that are known.
    """
    known: dict[str, Block] = {}

    def hidden(one: Block) -> Block:
        if one.id not in known:
            drawn = _beginning if isinstance(one, Card) and not one.asked else len
            known[one.id] = _veiled(one, keys, drawn)
        return known[one.id]

    return hidden


def live_block(one: Block, keys: Collection[str]) -> Block:
    """A block as a live panel shows it: a call that a person is asked about stands there as it is.

    A yes is to exactly that call, and its arguments may be changed there before it.
    """
    return one if isinstance(one, Card) and one.asked else _veiled(one, keys, _beginning)


def veiled_view(view: View, keys: Collection[str]) -> View:
    """The view with the keys in all but its blocks made unreadable: prompt, plan, answer, and how it ended."""
    hide: Callable[[Any], Any] = partial(_veiled, keys=keys, drawn=len)
    return replace(
        view,
        prompt=hide(view.prompt[:LONGEST]),
        model=hide(view.model),
        answer=hide(view.answer[:LONGEST]),
        revision=hide(view.revision),
        plan=hide(view.plan),
        failure=hide(view.failure),
        broken_off=hide(view.broken_off),
    )


def _beginning(text: str) -> int:
    """Where the part of a long text ends that could be drawn."""
    end = -1
    for _ in range(LINES):
        if (end := text.find("\n", end + 1)) < 0:
            return LONGEST
    return min(max(end, SHORTEST), LONGEST)


def _veiled(value: T, keys: Collection[str], drawn: Callable[[str], int]) -> T:
    """A value with the keys in its texts made unreadable; of a picture the bytes are left alone."""
    made: Any = value
    again: Callable[[Any], Any] = partial(_veiled, keys=keys, drawn=drawn)
    if isinstance(value, str):
        end = drawn(value)
        made = veiled_text(value[:end], keys) + value[end:]
    elif isinstance(value, Mapping):
        made = {name: one if str(name).startswith("image/") else again(one) for name, one in value.items()}
    elif isinstance(value, list | tuple):
        made = type(value)([*map(again, value[:ITEMS]), *value[ITEMS:]])
    elif is_dataclass(value) and not isinstance(value, type):
        made = replace(value, **{name: again(getattr(value, name)) for name in _names(type(value))})
    return cast(T, made)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.init)
