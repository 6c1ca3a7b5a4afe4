"""Telling the difference of two photographs, variable by variable, in short sentences for people and for the model.

It knows shots only: not how variables were looked at. Names from data are quoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from aether_nb.events.kinds import Change
from aether_nb.live.changes.columns import column_details
from aether_nb.live.changes.flags import flags_of
from aether_nb.live.changes.looking import VARIABLE_COST, shoot
from aether_nb.live.changes.photographs import HOLD, Photograph, own_variables
from aether_nb.live.changes.reaching import EVERYTHING, arrays_in
from aether_nb.live.changes.shots import NO_TIME, Atom, Purse, Shot, Table
from aether_nb.live.describing.words import value_text

__all__ = ["compare"]

ADDED = 300_000
"""Nominal nanoseconds for a variable that is new: what it holds is not compared with anything."""
LINES = 12
"""So many sentences are said of one variable."""
UNKNOWN = 20
"""So many variables are named of which nothing can be told."""


def compare(before: Photograph, namespace: Mapping[str, object]) -> tuple[Change, ...]:
    """What is different now.

    Args:
        before: The photograph taken before.
        namespace: The variables now.
    """
    variables = own_variables(namespace)
    exposed, hold = arrays_in(variables.values()), Purse(HOLD)
    found: dict[str, Change | None] = dict.fromkeys(variables)
    now: dict[str, Shot] = {}
    for name, value in variables.items():
        was = before.shots.get(name)
        if isinstance(was, Atom):
            if was.value is value:
                continue
            was = shoot(was.value, Purse(0), hold)
        purse = Purse(ADDED if was is None else was.allowed + VARIABLE_COST)
        skip = was is not None and was.problem == NO_TIME and was.token.identity == id(value)
        now[name] = shot = shoot(
            value, purse, hold, EVERYTHING if before.past and name in before.reach else exposed, skip
        )
        if was is None:
            found[name] = Change(name, "added", shot.type, _added(shot))
        else:
            found[name] = _difference(name, was, shot, name in before.reach)
    told = [change for change in found.values() if change is not None]
    told = [_flagged(change, before, now) for change in told]
    removed = [Change(name, "removed", was.type) for name, was in before.shots.items() if name not in variables]
    return (*_bounded(told), *removed)


def _flagged(change: Change, before: Photograph, now: Mapping[str, Shot]) -> Change:
    """The change with what a careful reader has to know of its table."""
    made = now[change.name].table
    if made is None or change.what not in ("added", "changed"):
        return change
    sources: dict[str, Table] = {}
    for name in sorted(before.reach | before.names):
        shot = before.shots.get(name) or (now.get(name) if name != change.name else None)
        if shot is not None and shot.table is not None:
            sources[name] = shot.table
    old = before.shots[change.name].table if change.name in before.shots else None
    return replace(change, flags=flags_of(made, old, sources))


def _bounded(changes: list[Change]) -> Iterator[Change]:
    """All that changed, and a bounded list of what nobody could tell."""
    unknown = [change for change in changes if change.what == "unknown"]
    left_out = {change.name for change in unknown[UNKNOWN:]}
    yield from (change for change in changes if change.name not in left_out)
    if left_out:
        said = f"could not tell of {len(left_out)} more variables"
        yield Change(sorted(left_out)[0], "unknown", "", (said,))


def _added(shot: Shot) -> tuple[str, ...]:
    if shot.table is not None:
        return (f"{shot.table.rows} rows × {len(shot.table.names)} columns",)
    return (f"= {shot.text}",) if shot.text else ()


def _difference(name: str, before: Shot, now: Shot, reached: bool) -> Change | None:
    """The change of one variable. What could not be told is told only of what the code can get at."""
    same = before.token == now.token
    why = before.problem or now.problem
    if why:
        if not same:
            return Change(name, "changed", now.type, ("bound to a new object",))
        told = reached or why != NO_TIME
        return Change(name, "unknown", now.type, (f"could not tell whether it changed: {why}",)) if told else None
    if before.type != now.type or before.content != now.content:
        return Change(name, "changed", now.type, tuple(islice(_details(before, now, same), LINES)))
    if before.exact and now.exact:
        said = "bound to another object with the same content"
        return None if same or now.table is None else Change(name, "changed", now.type, (said,))
    if same:
        said = "could not tell whether it changed: it is too large to compare all of it"
        return Change(name, "unknown", now.type, (said,)) if reached else None
    return Change(name, "changed", now.type, ("bound to a new object", "what was compared of it is the same"))


def _details(before: Shot, now: Shot, same: bool) -> Iterator[str]:
    if before.type != now.type:
        yield f"type {before.type} → {now.type}"
    elif before.table is not None and now.table is not None:
        yield from column_details(before.table, now.table, before.content.axes != now.content.axes)
    elif before.text and now.text:
        yield f"{before.text} → {now.text}"
        return
    elif before.size != now.size and before.size is not None:
        yield f"size {_size(before.size)} → {_size(now.size)}"
    if before.type == now.type:
        yield from _inner_details(before.content, now.content)
    yield "changed in place" if same else "bound to a new object"


def _size(size: Any) -> str:
    return " × ".join(map(str, size)) if isinstance(size, tuple) else str(size)


def _inner_details(before: Any, now: Any) -> Iterator[str]:
    """Keys and attributes that are new, gone or changed, and what else has a name."""
    match before, now:
        case ("dict", _, (_, old), (_, was), *_), ("dict", _, (_, new), (_, held), *_):
            word, labels = "key", lambda key: value_text(_bare(key), 40)
        case ("object", _, _, old, was), ("object", _, _, new, held):
            word, labels = "attribute", lambda key: value_text(key, 60)[1:-1]
        case ("drawing", *_), ("drawing", *_):
            yield "drawn on"
            return
        case _:
            return
    if len(old) != len(was) or len(new) != len(held):
        return
    gone, here = dict(zip(map(_key, old), was, strict=True)), dict(zip(map(_key, new), held, strict=True))
    yield from islice((f"new {word} {labels(key)}" for key in new if _key(key) not in gone), 4)
    yield from islice((f"{word} {labels(key)} removed" for key in old if _key(key) not in here), 4)
    both = (key for key in new if _key(key) in gone and gone[_key(key)] != here[_key(key)])
    yield from islice((f"{word} {labels(key)} changed" for key in both), 4)


def _key(key: Any) -> Any:
    """A key by which prints of keys can be looked up."""
    try:
        hash(key)
    except TypeError:
        return id(key)
    return key


def _bare(key: Any) -> Any:
    """A key from its print."""
    return key[1] if type(key) is tuple and len(key) == 2 and isinstance(key[0], type) else key
