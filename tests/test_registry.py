"""The registry of names."""

from __future__ import annotations

import pytest

from aether_nb import registry
from aether_nb.registry import HOUSE


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is registered."""
    monkeypatch.setattr(registry, "_things", {})


def test_a_thing_is_found_by_kind_and_name() -> None:
    """Names are kept apart by kind, in the order in which they were given."""
    registry.register("model", "b", 1)
    registry.register("model", "a", 2)
    registry.register("tool", "b", 3)
    assert (registry.names("model"), registry.names("tool"), registry.names("skill")) == (("b", "a"), ("b",), ())
    assert [registry.get("model", "b"), registry.get("model", "a"), registry.get("tool", "b")] == [1, 2, 3]


def test_the_last_one_of_a_name_counts() -> None:
    """What the same hand gives again replaces what it gave before."""
    registry.register("tool", "mine", "old")
    registry.register("tool", "mine", "new")
    assert (registry.get("tool", "mine"), registry.names("tool")) == ("new", ("mine",))


def test_what_is_built_in_yields_whenever_it_comes() -> None:
    """The house's things stand first in the list and count last, also when they come after everybody else's."""
    registry.register("tool", "mine", "m")
    registry.register("tool", "plot", "m's", by="plugin")
    registry.register("tool", "plot", "ours", by=HOUSE)
    registry.register("tool", "query", "ours", by=HOUSE)
    assert registry.things("tool") == {"plot": "m's", "query": "ours", "mine": "m"}
    assert registry.names("tool") == ("plot", "query", "mine")
    assert registry.own("tool") == {"plot": "ours", "query": "ours"}
    assert registry.added("tool") == {"plot": "m's", "mine": "m"}


def test_who_leaves_takes_only_his_own_along() -> None:
    """What somebody has replaced is there again when his things are taken out; of his own names none is left."""
    registry.register("tool", "plot", "a's", by="a")
    registry.register("tool", "plot", "b's", by="b")
    registry.register("skill", "tidy", "b's", by="b")
    assert registry.brought("b") == (("tool", "plot"), ("skill", "tidy"))
    registry.withdraw("b")
    assert (registry.things("tool"), registry.names("skill"), registry.brought("b")) == ({"plot": "a's"}, (), ())


@pytest.mark.parametrize(
    ("names", "hint"),
    [((), "There are: none yet."), (("analyst", "x"), "Did you mean analyst?"), (("y", "x"), "There are: x, y.")],
)
def test_what_is_missing_is_said_with_what_is_near(names: tuple[str, ...], hint: str) -> None:
    """The error names the kind, the name and the nearest ones."""
    for name in names:
        registry.register("model", name, 1)
    with pytest.raises(LookupError) as caught:
        registry.get("model", "analist")
    assert str(caught.value) == f"No model is registered as 'analist'. {hint}"


@pytest.mark.parametrize("word", ["", " ", " mine", "mine\n", None, 7])
def test_only_words_are_names(word: object) -> None:
    """A kind or a name that nobody could type is refused."""
    with pytest.raises(ValueError, match="cannot be the name"):
        registry.register("tool", word, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot be the kind"):
        registry.register(word, "mine", 1)  # type: ignore[arg-type]
