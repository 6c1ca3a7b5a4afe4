"""The registry of names."""

from __future__ import annotations

import pytest

from aether_nb import registry


@pytest.fixture(autouse=True)
def _own_names(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(registry, "_things", {})


def test_a_thing_is_found_by_kind_and_name():
    """Kinds do not see each other; the order of names is that of their first registration."""
    registry.register("model", "b", 1)
    registry.register("model", "a", 2)
    registry.register("tool", "b", 3)
    assert (registry.names("model"), registry.names("tool"), registry.names("skill")) == (("b", "a"), ("b",), ())
    assert [registry.get("model", "b"), registry.get("model", "a"), registry.get("tool", "b")] == [1, 2, 3]


def test_the_last_registration_counts():
    """A cell that registers is run again while one works on it."""
    registry.register("tool", "mine", "old")
    registry.register("tool", "mine", "new")
    assert (registry.get("tool", "mine"), registry.names("tool")) == ("new", ("mine",))


@pytest.mark.parametrize(
    ("known", "hint"),
    [(["analyst", "other"], "Did you mean analyst?"), (["x", "y"], "There are: x, y."), ([], "There are: none yet.")],
)
def test_an_unknown_name_suggests_the_nearest(known, hint):
    """The error names the kind, what was asked for, and what there is."""
    for name in known:
        registry.register("model", name, 1)
    with pytest.raises(LookupError) as caught:
        registry.get("model", "analist")
    assert str(caught.value) == f"No model is registered as 'analist'. {hint}"


@pytest.mark.parametrize("word", ["", "  ", " x", None, 3])
def test_a_name_is_a_word(word):
    """What nobody could type is no name."""
    with pytest.raises(ValueError):
        registry.register("tool", word, 1)
    with pytest.raises(ValueError):
        registry.register(word, "mine", 1)
