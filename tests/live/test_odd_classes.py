"""A class that cannot even be asked for its name stops no call: whatever looks at variables tells it by its type."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aether_nb.live.changes import compare, photograph
from aether_nb.live.inspecting import inspect
from aether_nb.live.keeping import Keeper
from aether_nb.live.mentions.values import mentions_in
from aether_nb.live.reading import read
from aether_nb.live.summary import summarize
from aether_nb.live.undo.points import Before
from aether_nb.live.values import show_value
from aether_nb.store.memory_parts import MemoryBlobs


class Sealed(type):
    """A metaclass that answers nothing."""

    def __getattribute__(cls, name: str) -> Any:
        """Never."""
        raise RuntimeError(f"no {name}")


class Odd(metaclass=Sealed):
    """Its objects are ordinary, but for their class."""


class Endless(str):
    """A text whose length cannot be told."""

    __slots__ = ()

    def __len__(self) -> int:
        raise RuntimeError("no length")


@pytest.fixture
def namespace() -> dict[str, Any]:
    """An object, its class, and a list that holds it."""
    odd = object.__new__(Odd)
    return {"__name__": "__main__", "odd": odd, "Odd": Odd, "held": [odd], "n": 1}


def test_it_is_described(namespace: dict[str, Any]) -> None:
    """In the summary, in depth, and as a value."""
    assert re.search(r"- odd: [\w.]*Odd\n", summarize(namespace).text)
    for name in ("odd", "Odd", "held"):
        assert inspect(name, namespace[name]).text
    assert show_value(namespace["odd"]).text.startswith("a Odd that cannot be printed: RuntimeError")


def test_what_changed_beside_it_is_told(namespace: dict[str, Any]) -> None:
    """Before and after a call; nothing is said of what was not touched."""
    before = photograph(namespace)
    namespace["n"] = 2
    namespace["held"].append(3)
    assert {change.name for change in compare(before, namespace)} == {"n", "held"}


@pytest.mark.parametrize("code", ["n = 2", "odd", "odd.x = 1", "held.append(odd)", "Odd()", "[one for one in held]"])
def test_code_is_read_and_an_undo_point_taken(namespace: dict[str, Any], code: str) -> None:
    """Whatever the code does with it; what can be put back is put back, and what is kept is kept."""
    assert read(code, namespace).risk in ("low", "medium", "high")
    before = Before.of(namespace, code)
    namespace["n"] = 2
    before.close(namespace).undo(namespace)
    assert namespace["n"] == 1
    keeper = Keeper(MemoryBlobs())
    assert {kept.name for kept in keeper.keep(namespace, ["odd", "held"], 9.0)} == {"odd", "held"}


def test_a_text_without_a_length_is_mentioned() -> None:
    """``{s}``, also with a format, is the text that it is made of."""
    namespace = {"s": Endless("abc")}
    for typed in ("{s}", "{s!s}", "{s:>5}"):
        assert "abc" in mentions_in(f"What is {typed}?", namespace).parts[0].text
    assert "Endless" in show_value(namespace["s"]).text or "abc" in show_value(namespace["s"]).text
