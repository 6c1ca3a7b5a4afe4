"""Telling the difference of two photographs, variable by variable, in short sentences for people and for the model.

It knows shots only: not the variables, nor how they were looked at. Names from data are quoted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from itertools import islice

from aether_nb.events.kinds import Change
from aether_nb.live.changes.looking import NO_TIME, shoot
from aether_nb.live.changes.photographs import Photograph, in_order
from aether_nb.live.changes.prints import ITEMS
from aether_nb.live.changes.shots import Shot
from aether_nb.live.describing.words import value_text

__all__ = ["compare"]


def compare(before: Photograph, namespace: Mapping[str, object]) -> tuple[Change, ...]:
    """What is different now.

    Args:
        before: The photograph taken before.
        namespace: The variables now.
    """
    found: dict[str, Change | None] = dict.fromkeys(namespace)
    here: set[str] = set()
    for name, value, clock in in_order(namespace, before.names, longer=2):
        here.add(name)
        was = before.shots.get(name)
        now = shoot(value, clock, skip=was is not None and was.problem == NO_TIME and was.identity == id(value))
        if was is None:
            found[name] = Change(name, "added", now.type, _added(now))
        else:
            found[name] = _difference(name, was, now, asked=name in before.names)
    removed = [Change(name, "removed", was.type) for name, was in before.shots.items() if name not in here]
    return (*filter(None, found.values()), *removed)


def _added(shot: Shot) -> tuple[str, ...]:
    if shot.columns:
        return (f"{shot.size} rows × {len(shot.columns)} columns",)
    return (f"= {shot.text}",) if shot.text else ()


def _difference(name: str, before: Shot, now: Shot, asked: bool) -> Change | None:
    """The change of one variable. What there was no time for is told only when that variable was asked for."""
    same = before.same_object(now)
    why = before.problem or now.problem
    if (before.content is None or now.content is None) and same:
        told = why and (asked or why != NO_TIME)
        return Change(name, "unknown", now.type, (f"could not tell whether it changed: {why}",)) if told else None
    if before.content is None or now.content is None:
        return Change(name, "changed", now.type, ("bound to a new object",))
    if before.content == now.content and before.type == now.type:
        if not before.exact and same and before.place != now.place:
            said = "could not tell: its data moved, and the sampled values are the same"
            return Change(name, "unknown", now.type, (said,))
        if same or not before.columns:
            return None
        return Change(name, "changed", now.type, ("bound to another object with the same content",))
    return Change(name, "changed", now.type, tuple(islice(_details(before, now, same), 12)))


def _details(before: Shot, now: Shot, same: bool) -> Iterator[str]:
    if before.type != now.type:
        yield f"type {before.type} → {now.type}"
    elif before.columns and now.columns:
        yield from _frame_details(before, now)
    elif before.text and now.text:
        yield f"{before.text} → {now.text}"
        return
    elif before.size != now.size and before.size is not None:
        yield f"size {_size(before.size)} → {_size(now.size)}"
    yield from _key_details(before.keys, now.keys)
    yield "changed in place" if same else "bound to a new object"


def _size(size: Hashable) -> str:
    return " × ".join(map(str, size)) if isinstance(size, tuple) else str(size)


def _key_details(before: tuple[str, ...], now: tuple[str, ...]) -> Iterator[str]:
    if len(before) < ITEMS and len(now) < ITEMS:
        old, new = set(before), set(now)
        yield from (f"new {key}" for key in islice((k for k in now if k not in old), 4))
        yield from (f"{key} removed" for key in islice((k for k in before if k not in new), 4))


def _frame_details(before: Shot, now: Shot) -> Iterator[str]:
    if before.size != now.size:
        yield f"rows {before.size} → {now.size}"
    old, new = before.columns, now.columns
    yield from _listed("new column", [c for c in new if c not in old])
    yield from _listed("column removed:", [c for c in old if c not in new])
    both = [c for c in new if c in old]
    for column in both:
        if old[column].dtype != new[column].dtype:
            yield f"{_quoted(column)}: {old[column].dtype} → {new[column].dtype}"
    for column in both:
        if new[column].missing > old[column].missing:
            about = "" if now.exact else " (in a sample)"
            yield f"{new[column].missing - old[column].missing} new missing values in {_quoted(column)}{about}"
    if before.duplicates is not None and now.duplicates is not None and now.duplicates > before.duplicates:
        yield f"{now.duplicates - before.duplicates} duplicate rows appeared"
    for column in both:
        if old[column].unique and new[column].unique is False:
            yield f"{_quoted(column)} is no longer unique"
    moved = [c for c in both if old[c].content != new[c].content]
    bags = [old[c].bag is not None and old[c].bag == new[c].bag for c in moved]
    if moved and all(bags) and before.size == now.size:
        yield "order of the rows changed"
    elif before.size == now.size:
        yield from _listed("values changed in", [c for c in moved if old[c].dtype == new[c].dtype])
    if not moved and list(old) != list(new) and set(old) == set(new):
        yield "order of the columns changed"
    elif not moved and before.size == now.size and set(old) == set(new):
        yield "index or names changed"


def _listed(words: str, columns: list[str]) -> Iterator[str]:
    if columns:
        more = f" and {len(columns) - 6} more" if len(columns) > 6 else ""
        yield f"{words} {', '.join(map(_quoted, columns[:6]))}{more}"


def _quoted(name: str) -> str:
    return value_text(name, 60)
