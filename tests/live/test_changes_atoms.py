"""Numbers, texts and other objects that cannot change: a photograph keeps them, and looks at them when they differ."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from aether_nb.live.changes import compare, looking, photograph, photographs, telling

NAN = float("nan")


def told(before: object, now: object) -> list[tuple[str, ...]]:
    """What is told of a variable that was one object and is another."""
    kept = photograph({"v": before}, {"v"})
    return [(change.what, change.type, *change.details) for change in compare(kept, {"v": now})]


def test_what_cannot_change_is_looked_at_only_when_it_is_bound_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand plain values cost no look before a call and after it; the one that is another costs two."""
    looks: list[object] = []

    def counted(value: Any, *args: Any) -> Any:
        looks.append(value)
        return looking.shoot(value, *args)

    for module in (photographs, telling):
        monkeypatch.setattr(module, "shoot", counted)
    namespace: dict[str, object] = {f"n{n}": n * 1.5 for n in range(1_000)}
    namespace |= {f"t{n}": f"text {n}" for n in range(1_000)}
    before = photograph(namespace, {"n1"})
    assert compare(before, namespace) == ()
    assert looks == []
    assert [change.name for change in compare(before, {**namespace, "n7": "other"})] == ["n7"]
    assert looks == [10.5, "other"]


@pytest.mark.parametrize(
    ("before", "now"),
    [(NAN, NAN), (NAN, float("nan")), (10**30, int("1" + "0" * 30)), ("a b", " ".join("ab")), (None, None)],
)
def test_the_same_value_is_no_change(before: object, now: object) -> None:
    """The same object, and another one of the same value, NaN too."""
    assert told(before, now) == []


@pytest.mark.parametrize(
    ("before", "now", "details"),
    [
        (1, True, ("changed", "bool", "type int → bool", "bound to a new object")),
        (1, 1.0, ("changed", "float", "type int → float", "bound to a new object")),
        (0.0, -0.0, ("changed", "float", "0.0 → -0.0")),
        (1, 2, ("changed", "int", "1 → 2")),
        (None, [1], ("changed", "list", "type NoneType → list", "bound to a new object")),
        ([1], None, ("changed", "NoneType", "type list → NoneType", "bound to a new object")),
    ],
)
def test_equal_is_not_the_same(before: object, now: object, details: tuple[str, ...]) -> None:
    """Another type and another sign are changes, whatever ``==`` says; the values are named."""
    assert told(before, now) == [details]


def test_what_is_gone_is_told_with_its_type_in_the_order_of_the_variables() -> None:
    """A value that cannot change is told like any other when it is removed."""
    kept = photograph({"a": [1], "b": 1.5, "c": {}}, {"a", "b", "c"})
    assert [(change.name, change.what, change.type) for change in compare(kept, {})] == [
        ("a", "removed", "list"),
        ("b", "removed", "float"),
        ("c", "removed", "dict"),
    ]


def test_a_slice_is_not_kept_for_it_may_hold_anything() -> None:
    """What stands in a slice can be let go while the photograph is kept."""

    class Held:
        """Something that says when it is gone."""

    held = Held()
    gone = weakref.ref(held)
    namespace = {"v": slice(held)}
    kept = photograph(namespace, {"v"})
    namespace.clear()
    del held
    assert gone() is None
    assert [change.what for change in compare(kept, namespace)] == ["removed"]
