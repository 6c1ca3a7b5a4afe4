"""Hypothesis strategies for events: any event of a kind, and the JSON values that tools and models put into them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from aether_nb.events.kinds import KINDS, Event

text = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)


def json_values() -> st.SearchStrategy[Any]:
    """Small JSON values of any shape."""
    leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | text
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=6
    )


def any_event(kind: str) -> st.SearchStrategy[Event]:
    """Any event of that kind, small enough to read."""
    return _built(KINDS[kind])


def _built(cls: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(cls)
    return st.builds(cls, **{field.name: _of(hints[field.name]) for field in dataclasses.fields(cls)})


def _of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a declared type; only the types that events use are known."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of([_of(part) for part in inner])
    if origin is tuple:
        return st.lists(_of(inner[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(text, _of(inner[1]), max_size=3)
    if dataclasses.is_dataclass(hint):
        return _built(hint)  # type: ignore[arg-type]
    plain = {
        str: text,
        int: st.integers(0, 2**53),
        float: numbers,
        bool: st.booleans(),
        type(None): st.none(),
        Any: json_values(),
    }
    return plain[hint]
