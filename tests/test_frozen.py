"""The quickly made frozen classes behave as those of the standard library do."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter

from aether_nb.frozen import frozen


def made_by(decorator: Callable[[type], Any]) -> tuple[Any, Any, Any]:
    """The same three classes, made by either decorator."""

    class Base:
        """A base."""

        kind: ClassVar[str] = "base"
        name: str
        sizes: tuple[int, ...] = ()
        notes: dict[str, int] = field(default_factory=dict)
        hidden: str = field(default="", repr=False, compare=False)
        made: list[str] = field(default_factory=list, hash=False)

        def __post_init__(self) -> None:
            if not self.name:
                raise ValueError("no name")

    Base = decorator(Base)

    class Derived(Base):  # type: ignore[misc, valid-type]
        """One more field, and a hash of its own."""

        more: int = 1

        def __hash__(self) -> int:
            return 7

    class Empty:
        """Nothing."""

        def __repr__(self) -> str:
            return "nothing"

    return Base, decorator(Derived), decorator(Empty)


OURS, THEIRS = made_by(frozen), made_by(dataclass(frozen=True, slots=True))
WAYS: list[Callable[[Any, Any, Any], Any]] = [
    lambda base, derived, empty: repr(base("a", (1,), {"b": 1}, "c")).split("made_by.<locals>.")[1],
    lambda base, derived, empty: base("a") == base("a", hidden="x"),
    lambda base, derived, empty: base("a") == base("b"),
    lambda base, derived, empty: base("a") == derived("a"),
    lambda base, derived, empty: base("a") == "a",
    lambda base, derived, empty: hash(derived("a")),
    lambda base, derived, empty: hash(base("a")),
    lambda base, derived, empty: hash(empty()) == hash(empty()),
    lambda base, derived, empty: (repr(empty()), empty() == empty()),
    lambda base, derived, empty: [(one.name, one.type, one.repr, one.compare) for one in fields(derived)],
    lambda base, derived, empty: [(n, p.annotation) for n, p in inspect.signature(derived).parameters.items()],
    lambda base, derived, empty: (base.kind, base.__match_args__, derived.__match_args__, base.__doc__),
    lambda base, derived, empty: base("a").notes is base("a").notes,
    lambda base, derived, empty: replace(derived("a"), more=3).more,
    lambda base, derived, empty: copy.deepcopy(derived("a", (1, 2), more=9)).more,
    lambda base, derived, empty: copy.copy(derived("a", (1, 2), more=9)).sizes,
    lambda base, derived, empty: base(""),
    lambda base, derived, empty: base(),
    lambda base, derived, empty: base("a", colour="red"),
    lambda base, derived, empty: setattr(base("a"), "name", "b"),
    lambda base, derived, empty: setattr(base("a"), "other", "b"),
    lambda base, derived, empty: delattr(base("a"), "name"),
    lambda base, derived, empty: vars(base("a")),
]


def outcome(way: Callable[[Any, Any, Any], Any], classes: tuple[Any, Any, Any]) -> Any:
    """What comes of it: a value, or the kind of the error."""
    try:
        return way(*classes)
    except Exception as error:  # noqa: BLE001 - which one it is, is what is compared
        return type(error)


@pytest.mark.parametrize("way", range(len(WAYS)))
def test_it_is_as_a_frozen_dataclass_with_slots(way: int) -> None:
    """Made, shown, compared, hashed, copied, changed: what comes of it is the same, the errors included."""
    ours, theirs = outcome(WAYS[way], OURS), outcome(WAYS[way], THEIRS)
    if inspect.isclass(theirs) and issubclass(theirs, (AttributeError, TypeError)):
        assert issubclass(ours, (AttributeError, TypeError))
    else:
        assert ours == theirs


@frozen
class Point:
    """A point, and one whose fields refer to its own class."""

    x: float
    inner: Point | None = None


def test_it_is_pickled_matched_and_validated() -> None:
    """Pickle, ``match`` and pydantic take it for the dataclass that it is."""
    point = Point(1.0, Point(2.0))
    assert pickle.loads(pickle.dumps(point)) == point
    match point:
        case Point(x, Point(x=y)):
            assert (x, y) == (1.0, 2.0)
    assert TypeAdapter(Point).validate_json('{"x": 1, "inner": {"x": 2}}') == point
    assert TypeAdapter(Point).dump_python(point) == {"x": 1.0, "inner": {"x": 2.0, "inner": None}}


def test_it_derives_from_the_other_kind_and_that_from_it() -> None:
    """Frozen by either decorator, a class may derive from one that was frozen by the other, and from no other."""

    @dataclass(frozen=True, slots=True)
    class Theirs(Point):
        """Derived from ours."""

        y: float = 0.0

    @frozen
    class Again(Theirs):
        """Derived from theirs."""

        z: float = 0.0

    assert (Theirs(1.0, None, 2.0).y, Again(1.0, None, 2.0, 3.0).z) == (2.0, 3.0)
    with pytest.raises(FrozenInstanceError):
        Again(1.0).z = 2.0  # type: ignore[misc]
    with pytest.raises(TypeError, match="non-frozen"):

        @dataclass
        class Loose(Point):  # type: ignore[misc]
            """Not frozen."""

            y: float = 0.0


def test_one_that_holds_itself_is_shown() -> None:
    """A circle is cut where it closes."""
    around: list[Any] = []
    holder = frozen(type("Holder", (), {"__annotations__": {"inside": "list"}, "__module__": __name__, "__doc__": "x"}))
    around.append(holder(around))
    assert repr(around[0]) == "Holder(inside=[...])" or "..." in repr(around[0])


def test_its_order_of_arguments_is_checked() -> None:
    """An argument without a default cannot follow one that has one."""
    with pytest.raises(TypeError, match="non-default argument 'second' follows"):

        @frozen
        class Wrong:
            """Wrong."""

            first: int = 1
            second: int


def test_nothing_of_it_can_be_changed() -> None:
    """The error is the standard library's, and an ``AttributeError``."""
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        Point(1.0).x = 2.0  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del Point(1.0).x  # type: ignore[misc]
